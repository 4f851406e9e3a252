"""What `spoton sweep` prints: the best trials, how they were chosen, and what the choice is worth."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from spoton.sweeps._plan import FURTHER
from spoton.sweeps._result import Row, Sweep
from spoton.sweeps._space import label
from spoton.tables import report

MOST = 10  # trials that are shown
REASONS = 3


def render(found: Sweep, took: str = "", *, spread: bool = True) -> Iterator[RenderableType]:
    """The parts in order; `took` is a line on time, `spread=False` fits 80 columns."""
    plan = found.plan
    ranked = found.ranked()
    yield Text.assemble((f"{plan.family.name} on {plan.task.name}", "bold"), (f"  {_counts(found)}", "dim"))
    if ranked:
        yield _table(found, ranked[:MOST])
    yield from (Text(sentence, "dim") for sentence in _notes(found))
    if took:
        yield Text(took, "dim")
    yield ""
    if found.best is None:
        yield Text("no trial was completed, so nothing can be said of the settings")
        return
    yield Text.assemble(("Best: ", "bold"), found.best.learner)
    if not found.report:
        still = sum(row.state == "running" for row in found.trials)
        yield Text(f"{still} trials are still made by another process: give the same command again for the report")
        return
    yield Text(
        f"Below, it and the learner as it was given on the validation rows of seeds {_listed(plan.seeds)}, which no "
        "trial has seen:",
        "dim",
    )
    # of two rows there is nothing to advise
    yield from (part for part in report(found.report, spread=spread) if not _is_advice(part))


def _is_advice(part: RenderableType) -> bool:
    return isinstance(part, Text) and part.plain.startswith("Next: ")


def _counts(found: Sweep) -> str:
    states = [row.state for row in found.trials]
    named = {"complete": "completed", "pruned": "stopped early", "failed": "failed", "running": "running elsewhere"}
    parts = [f"{states.count(state)} {word}" for state, word in named.items() if state in states]
    if len(found.trials) > found.made:
        parts.append(f"{found.made} made now")
    return f"{len(states)} trials by {found.plan.sampler}: {', '.join(parts)}"


def _table(found: Sweep, rows: list[Row]) -> Table:
    """The best trials; finalists with their mean."""
    plan = found.plan
    table = Table(header_style="bold", pad_edge=False, box=None, padding=(0, 1))
    means = {row.number: found.mean_of(row) for row in rows[: plan.finalists]} if found.finals else {}
    table.add_column("trial", justify="right")
    table.add_column(plan.metric, justify="right")
    if means:
        table.add_column(f"mean of {1 + FURTHER}", justify="right")
    for name in plan.space.parts:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("fit s", justify="right")
    for row in rows:
        cells = [str(row.number), _score(row.value)]
        if means:
            cells.append(_score(means.get(row.number)) if row.number in means else "")
        cells += [label(row.params[name]) for name in plan.space.parts]
        cells += ["–" if row.seconds is None else f"{row.seconds:.2f}"]
        chosen = found.best is not None and row.number == found.best.number
        table.add_row(*cells, style="bold green" if chosen else "")
    return table


def _notes(found: Sweep) -> Iterator[str]:
    plan = found.plan
    rows, whole = len(plan.tuning.data()), len(plan.task.data())
    split = plan.tuning.split(plan.tuning_seed, plan.train_size)
    yield (
        f"{plan.metric} on {len(split.valid)} rows held out, after training on {len(split.train)}: of {whole} rows "
        f"the {rows} that seeds {_listed(plan.seeds)} do not validate on"
    )
    if found.finals:
        yield f"mean of {1 + FURTHER}: with {FURTHER} further splits of these rows; the best of these means is chosen"
    held = [row for row in found.trials if row.planned and row.epochs is not None]
    if any(row.state == "pruned" for row in held):
        made, planned = (
            sum(values) for values in zip(*((row.epochs or 0, row.planned or 0) for row in held), strict=True)
        )
        yield f"stopped early: {made:,} of {planned:,} epochs were made; who is worse than the median of its peers ends"
    failed = [row for row in found.trials if row.state == "failed"]
    for row in failed[:REASONS]:
        yield f"failed: {row.learner}: {row.reason}"
    if len(failed) > REASONS:
        yield f"and {len(failed) - REASONS} more that failed; their reasons are in the store"
    if shares := found.importance():
        yield "importance: " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items())


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3g}"


def _listed(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds))
