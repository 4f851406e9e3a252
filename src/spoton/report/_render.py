"""The page as text: Jinja2 with autoescape, a policy that lets nothing in from outside, colours of `spoton.colours`."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from spoton._version import __version__
from spoton.colours import DARK, LIGHT, Palette
from spoton.report._board import Line
from spoton.report._old import beside
from spoton.report._overview import overview
from spoton.report._pack import Pack
from spoton.report._pool import short
from spoton.report._why import Card
from spoton.report._why_draw import ruler
from spoton.why._render import MEANING, way

SCRIPTS = (
    "data.js",
    "draw.js",
    "clouds.js",
    "places.js",
    "curves.js",
    "board.js",
    "run.js",
    "compare.js",
    "live.js",
    "main.js",
)
# what may not stand inside of a script element, whatever it means there
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page(found: Pack, *, live: bool = False, stamp: str = "") -> str:
    """The whole page.

    Args:
        found: what it shows.
        live: it is served, and asks from time to time whether there is something new.
        stamp: what a served page names to ask that.
    """
    style, script = _style(), _script()
    groups = found.board.groups
    tasks = list(dict.fromkeys(group.task for group in groups))
    columns = found.board.columns
    return (
        _environment()
        .get_template("page.html")
        .render(
            pack=found,
            title=f"spoton: {found.store}",
            policy=policy(live=live),
            style=Markup(style),
            script=Markup(script),
            data=Markup(to_script(found.document)),
            lead=_lead(found, tasks),
            note=_note(found),
            tasks=tasks,
            labels=any(line.labels for line in found.board.lines),
            failures=found.failures,
            failed_lead=_failed_lead(found),
            paged=found.document["runs"],
            old=beside(found.board),
            glance=overview(found.board),
            numbers={line.best: i for i, line in enumerate(found.board.lines)},
            columns_of=lambda line: _columns_of(columns, line),
            made=f"made {found.made[:16].replace('T', ' ')} UTC",
            version=__version__,
            live=live,
            stamp=stamp,
            ruler=ruler(),
            meaning=MEANING,
            way=way,
        )
    )


def why_page(made: Card) -> str:
    """A page of one diagnosis alone; it has no script."""
    rules = f"default-src 'none'; style-src '{_digest(_style())}'; img-src data:; base-uri 'none'; form-action 'none'"
    template = _environment().get_template("why_page.html")
    title = f"why {made.held['learner']} misses {made.held['task']}"
    held = {"card": made, "title": title, "policy": rules, "style": Markup(_style()), "version": __version__}
    return template.render(**held, ruler=ruler(), meaning=MEANING, way=way).lstrip()


def policy(*, live: bool = False) -> str:
    """What the page may load: its own style and script by their hashes, pictures inside of it, and nothing else."""
    connect = "'self'" if live else "'none'"
    return (
        f"default-src 'none'; script-src '{_digest(_script())}'; style-src '{_digest(_style())}'; img-src data:; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'"
    )


def to_script(value: Any) -> str:
    """JSON that may stand in a script element: no text in it can end the element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character, escape in UNSAFE.items():
        text = text.replace(character, escape)
    return text


def _columns_of(columns: Any, line: Line) -> list[tuple[Any, Any]]:
    return list(zip(columns, line.figures, strict=True))


def _lead(found: Pack, tasks: list[str]) -> str:
    if not tasks:
        return "No runs yet. They appear here as soon as a bench has finished its first."
    learners = len({line.learner for line in found.board.lines})
    older = found.total - found.newest
    parts = [_many(len(tasks), "task"), _many(learners, "learner"), _many(found.newest, "run")]
    return ", ".join(parts) + (f", the newest of {found.total:,}" if older > 0 else "") + "."


def _note(found: Pack) -> str:
    left = found.newest - found.paged
    if left <= 0:
        return ""
    return (
        f"{found.paged:,} of {found.newest:,} runs have a page of their own: the best and the worst of each row first, "
        "as many as keep this file small. The leaderboard counts all of them; spoton serve shows each."
    )


def _failed_lead(found: Pack) -> str:
    kinds = {status: sum(run.status == status for run in found.failures) for status in ("failed", "skipped")}
    parts = [f"{_many(kinds['failed'], 'run')} failed"] if kinds["failed"] else []
    parts += (
        [f"{kinds['skipped']:,} {'were' if kinds['skipped'] > 1 else 'was'} skipped: the learner declined"]
        if kinds["skipped"]
        else []
    )
    return ", ".join(parts) + ", the newest first."


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FunctionLoader(_file), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["number"] = lambda value: repr(short(float(value), 8))
    return made


@lru_cache(maxsize=32)
def _file(name: str) -> str:
    return (resources.files("spoton.report") / "_page" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _style() -> str:
    light, dark = (_variables(palette) for palette in (LIGHT, DARK))
    colours = (
        f":root{{color-scheme:light;{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}"
    )
    return colours + "\n" + _file("page.css")


@lru_cache(maxsize=1)
def _script() -> str:
    parts = "\n".join(_file(name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


def _variables(palette: Palette) -> str:
    named = {"paper": palette.paper, "ink": palette.ink, "faint": palette.faint, "grey": palette.grey}
    named |= {f"s{i}": colour for i, colour in enumerate(palette.series)}
    dark = palette is DARK
    named |= {
        "panel": "#1c2229" if dark else "#f5f7f9",
        "dim": "#a9b1b9" if dark else "#59616a",
        "good": palette.series[2],
        "bad": palette.series[6],
        "hover": "#232b33" if dark else "#eef3f8",
        "bar": "#23445c" if dark else "#cfe3f3",
    }
    return "".join(f"--{key}:{value};" for key, value in named.items())


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
