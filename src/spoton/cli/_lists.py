"""`spoton tasks`, `learners`, `metrics`, `recorded`: what there is, one line each."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from spoton.cli._output import Json, Output, Quiet, rows_of

Bare = Annotated[bool, typer.Option("--quiet", "-q", help="Names alone, one a line.")]


def _print(title: str, lines: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
    """One line each, the names in a column; plain when not a terminal, so that grep and cut work on it."""
    from rich.console import Console
    from rich.text import Text

    pairs = list(lines.items() if isinstance(lines, Mapping) else lines)
    console = Console(soft_wrap=True)
    if title:
        console.print(Text(title, "bold"))
    width = max(len(name) for name, _ in pairs)
    for name, about in pairs:
        console.print(Text.assemble((name.ljust(width), "cyan"), "  ", about))


def _write(out: Output, names: Iterable[str], value: Any) -> bool:
    """The JSON, and with --quiet the bare names; whether more is to be printed."""
    out.write(value)
    if out.quiet and out.shows:
        for name in names:
            typer.echo(name)
    return out.shows and not out.quiet


def tasks(json: Json = None, quiet: Bare = False) -> None:
    """List the tasks, and the variants that their names take."""
    from spoton.tasks import families, task_names

    out = Output(json, quiet)
    seen: dict[tuple[str, str], list[str]] = {}
    for family in families():
        for key, option in family.options.items():
            seen.setdefault((key, option.about), []).append(family.name)
    variants = [{"name": key, "about": about, "families": names} for (key, about), names in seen.items()]
    names = task_names()
    if not _write(out, names, {"tasks": rows_of(names), "variants": variants}):
        return
    _print("", names)
    lines = [(f"  {key}=", f"{about}  ({', '.join(names)})") for (key, about), names in seen.items()]
    _print("\nVariants, as in pnist/topleft?digits=all&size=56&specks=0.02 (quote it in a shell):", lines)


def learners(json: Json = None, quiet: Bare = False) -> None:
    """List the learners, their features and modifiers."""
    from spoton.learners import FEATURE_NAMES, MODIFIERS, learner_names

    names = learner_names()
    held = {"learners": rows_of(names), "features": list(FEATURE_NAMES), "modifiers": rows_of(MODIFIERS)}
    if not _write(Output(json, quiet), names, held):
        return
    _print("", names)
    _print(
        "\nModifiers, as in featsnet@pts12+pts22+ynorm?epochs=90&lr=0.01:",
        {f"  +{k}": v for k, v in MODIFIERS.items()},
    )
    _print(
        "",
        {"  @": f"features of images: {', '.join(FEATURE_NAMES)}", "  ?": "parameters of the learner itself"},
    )


def metrics(json: Json = None, quiet: Bare = False) -> None:
    """List the metrics with unit and direction."""
    from spoton.metrics import all_metrics

    found = all_metrics()
    rows = [
        {"name": m.name, "unit": m.unit, "greater_is_better": m.greater_is_better, "about": m.about}
        for m in found.values()
    ]
    if not _write(Output(json, quiet), found, {"metrics": rows}):
        return
    lines = {
        m.name: f"[{m.unit}] {'higher' if m.greater_is_better else 'lower'} is better: {m.about}"
        for m in found.values()
    }
    _print("", lines)


def recorded(
    csv: Annotated[Path | None, typer.Option(help="Write all columns to this CSV file instead.")] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Print the figures recorded in 2020."""
    from rich.console import Console
    from rich.table import Table

    from spoton._recorded import PX
    from spoton._recorded import recorded as table_of_2020
    from spoton.errors import DataError

    out = Output(json, quiet)
    table = table_of_2020()
    out.write(table)
    if csv is not None:
        try:
            table.to_csv(csv, index=False)
        except OSError as error:
            raise DataError(f"{csv} cannot be written ({error.strerror or error}); name another file") from error
        out.remark(f"wrote {len(table)} rows to {csv}")
    if csv is not None or not out.shows:
        return
    view = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("model", "details", "target", "split", "R2", "dist px", "faults"):
        view.add_column(heading, justify="right" if heading in ("R2", "dist px") else "left", overflow="fold")
    for _, row in table.iterrows():
        faults = " ".join(name for name in ("swapped", "scrambled") if row[name])
        view.add_row(
            row["model"],
            row["details"],
            row["target"],
            row["split"],
            f"{row['r2']:.4g}",
            f"{row['dist_avg'] * PX:.3g}",
            faults,
        )
    console = Console() if sys.stdout.isatty() else Console(width=200)  # one line a row where no terminal folds it
    console.print(view)
    if quiet:
        return
    console.print(
        "swapped: x and y of center were exchanged. scrambled: scored on wrongly paired coordinates; "
        "mse and mae are right, R2 and distances are not.",
        style="dim",
    )
