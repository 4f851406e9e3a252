"""Writes docs/cli.md from the command line itself: `python docs/make_cli.py`. A test says when the page is out of date.

It reads names, words and defaults, and not what `--help` prints, which differs between versions of typer.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from spoton.cli import app

PAGE = Path(__file__).with_name("cli.md")
HEAD = """# The command line

<!-- made by `python docs/make_cli.py`; the words themselves are in src/spoton/cli -->

Each command says this itself: `spoton COMMAND --help`. Names that hold `?`, `*` or `&` need quotes in a shell.
`spoton --install-completion` has the shell complete commands, options, and names of tasks, learners and metrics; the
first Tab after an installation takes seconds, as the names are read once. `spoton doctor` says what works on a machine.

Every command takes `--json FILE` (`-` for standard output, which then holds JSON and nothing else) and `--quiet`: no
progress bar and no remarks, the result alone. Bars are drawn on standard error, and on a terminal only; colours are off
in a pipe and where `NO_COLOR` is set.

Exit codes: 0 done, 1 some run failed (its row says why), 2 wrong usage or data, 130 interrupted.

"""
OWN = ("--help", "--install-completion", "--show-completion")  # every program made with typer has these


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The command, and all below it, with their full names."""
    yield name, command
    for below in getattr(command, "commands", {}).values():
        yield from commands(below, f"{name} {below.name}")


def value_of(parameter: Any, hints: dict[str, Any]) -> str:
    """What stands behind an option: nothing behind a flag."""
    if getattr(parameter, "is_flag", False):
        return ""
    kind = str(hints.get(parameter.name, str))
    return " N" if "int" in kind else " X" if "float" in kind else " PATH" if "Path" in kind else " TEXT"


def default_of(parameter: Any) -> str:
    """The default in words; nothing where leaving the option out says all."""
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    given = parameter.default
    return "" if given in (None, False, (), [], "") or callable(given) else f"`{given}`"


def described(command: Any) -> list[tuple[str, str, str]]:
    """(words, help, default) of the arguments and options of a command."""
    hints = typing.get_type_hints(inspect.unwrap(command.callback)) if command.callback else {}
    rows = []
    for parameter in command.params:
        if getattr(parameter, "hidden", False) or parameter.opts[0] in OWN:
            continue
        names = sorted(parameter.opts, key=len, reverse=True)
        if names[0].startswith("-"):
            words = ", ".join(f"`{name}{value_of(parameter, hints)}`" for name in names)
            words += "".join(f", `{name}`" for name in parameter.secondary_opts)
        else:
            words = f"`{parameter.name.upper()}`" + (" ..." if parameter.nargs == -1 else "")
        about = (getattr(parameter, "help", "") or "").replace("|", "\\|").replace("*", "\\*")
        rows.append((words, " ".join(about.split()), default_of(parameter)))
    return rows


def first_line(command: Any) -> str:
    """What the list at the top says of a command."""
    return inspect.cleandoc(command.help or "").partition("\n")[0].partition(". ")[0]


def section(name: str, command: Any) -> str:
    """The part of the page on one command."""
    lines = [f"## {name}", "", inspect.cleandoc(command.help or ""), ""]
    rows = described(command)
    if rows:
        lines += ["| | what | default |", "|---|---|---|"]
        lines += [f"| {words} | {about} | {default} |" for words, about, default in rows]
        lines.append("")
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    found = list(commands(get_command(app), "spoton"))
    contents = "\n".join(
        f"- [`{name}`](#{name.replace(' ', '-')}): {first_line(command)}" for name, command in found[1:]
    )
    return HEAD + contents + "\n\n" + "\n".join(section(name, command) for name, command in found[1:])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
