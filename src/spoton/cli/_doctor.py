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

WIDTH = 12  # of a name; the longest is scikit-learn
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
    from spoton.doctor import Finding, examine

    out, found, group = Output(json, quiet), list[Finding](), ""
    for finding in examine(store, imports=imports):
        found.append(finding)
        if finding.status != "ok" or not quiet:
            out.show(*_lines(finding, finding.group != group))  # at once: importing takes a while
            group = finding.group
    works = all(finding.status != "broken" for finding in found)
    out.write({"works": works, "findings": [asdict(finding) for finding in found]})
    sys.exit(0 if works else 1)


def _lines(finding: Finding, first: bool) -> Iterator[Any]:
    from rich.text import Text

    if first:
        yield Text(finding.group, "bold")
    status, advice = f"  {finding.status:<8}", f"; {finding.advice}" if finding.advice else ""
    words = f"{finding.name:<{WIDTH}}  {finding.words}"
    yield Text.assemble((status, STYLES[finding.status]), words, (advice, "cyan"))
