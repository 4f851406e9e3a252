"""What `spoton why` found, as the page shows it: from the JSON that is kept beside the runs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from spoton.report._why_draw import interval, picture, standing
from spoton.store import Store
from spoton.why._keep import Document, kept
from spoton.why._render import VERDICTS, remark

SHARE = 0.3  # of the page that diagnoses may fill
WORDS = 1.6  # bytes of the page for one of JSON, about


@dataclass(frozen=True)
class Line:
    """A change: its words, and its figures as they are shown."""

    words: str
    probe: str
    bar: Markup
    closed: str
    range: str
    seeds: int
    remark: str


@dataclass(frozen=True)
class Seen:
    """A fact, and the picture of it."""

    probe: str
    words: str
    advice: str
    drawn: Markup | None
    title: str
    columns: list[str]
    rows: list[list[str]]

    @property
    def shown(self) -> bool:
        """Whether there is something to look at."""
        return self.drawn is not None or bool(self.columns)


@dataclass(frozen=True)
class Card:
    """One diagnosis.

    Attributes:
        held: the document, for what is shown as it is.
        standing: a picture of where the learner is.
        groups: title and changes of each verdict, in the order of the terminal.
        faults, seen: facts, those that mean wrong data apart.
        together: the best combination in words, or empty.
        size: bytes that it takes on the page, about.
    """

    held: Document
    key: str
    standing: Markup
    groups: list[tuple[str, str, list[Line]]]
    faults: list[Seen]
    seen: list[Seen]
    together: str
    size: int

    @property
    def answer(self) -> str:
        """The whole in a few words."""
        helps = next((lines for verdict, _, lines in self.groups if verdict == "helps"), [])
        if self.faults:
            return f"the data look wrong: {self.faults[0].words}"
        if helps:
            return f"{helps[0].remark}; {helps[0].words} closes {helps[0].closed}"
        return "nothing that was tried is clearly above the noise of the seeds"


def card(held: Document) -> Card:
    """A document made ready for the page."""
    groups = []
    for verdict, title in VERDICTS.items():
        lines = [_line(change) for change in held["changes"] if change["verdict"] == verdict]
        if lines:
            groups.append((verdict, title, lines))
    facts = [(bool(fact["fault"]), _seen(fact)) for fact in held["facts"]]
    both = held["together"]
    together = "" if both is None else f"{' and '.join(c['words'] for c in both['changes'])}: closes {_share(both)}"
    drawn = sum(len(line.bar) for _, _, lines in groups for line in lines)
    drawn += sum(len(seen.drawn or "") for _, seen in facts)
    return Card(
        held,
        re.sub(r"[^a-z0-9]+", "-", f"{held['task']}-{held['learner']}".lower()).strip("-"),
        standing(float(held["position"])),
        groups,
        [seen for fault, seen in facts if fault],
        [seen for fault, seen in facts if not fault],
        together,
        int(WORDS * len(json.dumps(held))) + drawn,
    )


def cards(store: Store, tasks: Sequence[str] = (), size: int = 3_000_000) -> tuple[list[Card], int]:
    """The diagnoses of a store, the newest first, as many as fit their share of a page; and how many did not."""
    found = [card(held) for held in kept(store, tasks)]
    used, fit = 0, 0
    for made in found:
        used += made.size
        if used > SHARE * size:
            break
        fit += 1
    return found[:fit], len(found) - fit


def _line(change: Document) -> Line:
    low, high = change["low"], change["high"]
    return Line(
        change["words"],
        change["probe"],
        interval(change["closed"], low, high, change["verdict"]),
        _percent(change["closed"]),
        "" if low is None else f"{_percent(low)} to {_percent(high)}",
        change["seeds"],
        remark(change),
    )


def _seen(fact: Document) -> Seen:
    held: dict[str, Any] = fact.get("picture") or {}
    table = held.get("kind") == "table"
    return Seen(
        fact["probe"],
        fact["words"],
        fact["advice"],
        picture(held) if held and not table else None,
        str(held.get("title", "")),
        [str(name) for name in held["columns"]] if table else [],
        [[_cell(value) for value in row] for row in held["rows"]] if table else [],
    )


def _cell(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}".replace("-", "−") if isinstance(value, float) else str(value)


def _share(held: Document) -> str:
    if held["low"] is None:
        return _percent(held["closed"])
    return f"{_percent(held['closed'])} ({_percent(held['low'])} to {_percent(held['high'])})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %".replace("-0 %", "0 %").replace("-", "−")
