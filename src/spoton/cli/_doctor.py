"""`spoton doctor`: what works on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spoton.cli._output import Json, Output
from spoton.cli._store import StoreOption

if TYPE_CHECKING:
    from spoton.doctor import Finding

STYLES = {"ok": "green", "missing": "yellow", "broken": "bold red"}


def doctor(
    store: StoreOption = None,
    imports: Annotated[
        bool,
        typer.Option("--imports/--no-imports", help="Import each package, in processes of their own: some seconds."),
    ] = True,
    json: Json = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="What is missing or broken alone.")] = False,
) -> None:
    """Say what is installed, found and reachable, what is missing for what, and what is broken: then 1."""
    from spoton.cli._progress import counted
    from spoton.doctor import examine

    out = Output(json, quiet)
    with counted(quiet=quiet) as say:
        found = list(examine(store, imports=imports, say=lambda group: say(f"looking at {group}", 0, 0)))
    works = all(finding.status != "broken" for finding in found)
    out.show(*_lines(found, quiet))
    out.write({"works": works, "findings": [asdict(finding) for finding in found]})
    sys.exit(0 if works else 1)


def _lines(found: list[Finding], quiet: bool) -> Iterator[Any]:
    from rich.text import Text

    shown = [finding for finding in found if finding.status != "ok" or not quiet]
    width = max((len(finding.name) for finding in shown), default=0)
    group = ""
    for finding in shown:
        if finding.group != group:
            yield Text(finding.group, "bold")
            group = finding.group
        status, advice = f"  {finding.status:<8}", f"; {finding.advice}" if finding.advice else ""
        words = f"{finding.name:<{width}}  {finding.words}"
        yield Text.assemble((status, STYLES[finding.status]), words, (advice, "cyan"))
