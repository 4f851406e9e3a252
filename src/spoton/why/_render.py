"""A diagnosis in the terminal: where the learner stands, what closes the gap, and what was seen."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from spoton.why._diagnosis import Diagnosis, Measured
from spoton.why._effect import LEAST, Effect
from spoton.why._keep import Document, measured

WIDTH = 40  # characters of the scale
VERDICTS = {
    "helps": "What closes the gap to the oracle, of all that was tried",
    "unclear": "Unclear: not confirmed on the seeds that there was time for",
    "no effect": "Ruled out, as far as it was tried: next to no effect",
    "harms": "What makes it worse",
}
MEANING = (
    "Shares of the gap in the root mean squared error on held-out rows: mean and 90 % interval over the seeds that did "
    "not choose the change. At most one diagnosis in ten calls a useless change helpful."
)
STYLES = {"helps": "green", "unclear": "yellow", "no effect": "dim", "harms": "dim"}


def render(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """The parts, to be printed one after the other."""
    yield Text.assemble((f"why {diagnosis.learner} misses {diagnosis.task}", "bold"))
    yield Text()
    yield _scale(diagnosis)
    for fact in diagnosis.facts:
        if fact.probe == "stand-in":  # what all figures below are of
            yield Text(f"{fact.words}{f'; {fact.advice}' if fact.advice else ''}", "yellow")
    if diagnosis.trouble:
        yield Text(f"it fails: {diagnosis.trouble}", "red")
    for fact in diagnosis.faults:
        yield Text()
        yield Text.assemble(("The data look wrong: ", "bold red"), fact.words)
        if fact.advice:
            yield Text(f"  {fact.advice}", "red")
    for verdict, title in VERDICTS.items():
        if found := diagnosis.of(verdict):
            yield Text()
            yield Text(title, "bold")
            yield _table(found, STYLES[verdict])
    if diagnosis.together is not None:
        changes, effect = diagnosis.together
        yield Text()
        words = " and ".join(change.words for change in changes)
        yield Text.assemble(("Together: ", "bold"), f"{words}: closes {_share(effect)}")
    if diagnosis.untested:
        yield Text()
        listed = "; ".join(change.words for change in diagnosis.untested)
        why_not = "interrupted" if diagnosis.interrupted else "no gap is left" if no_gap(diagnosis) else "out of time"
        yield Text.assemble((f"Not tested, {why_not}: ", "bold"), listed)
    if diagnosis.failed:
        yield Text()
        listed = "; ".join(f"{change.words} ({reason})" for change, reason in diagnosis.failed)
        yield Text.assemble(("Could not be tried, the changed learner breaks: ", "bold"), listed)
    if others := [fact for fact in diagnosis.facts if not fact.fault and fact.probe != "stand-in"]:
        yield Text()
        yield Text("Seen on the way", "bold")
        for fact in others:
            advice = f"; {fact.advice}" if fact.advice else ""
            yield Text(f" {fact.probe}: {fact.words}{advice}")
    yield from _next(diagnosis)


def _scale(diagnosis: Diagnosis) -> Text:
    """mean predictor ----o---- oracle."""
    place = round(min(1.0, max(0.0, diagnosis.position)) * (WIDTH - 1))
    line = "─" * place + "●" + "─" * (WIDTH - 1 - place)
    hit = "" if diagnosis.hit is None else f", exact on {100 * diagnosis.hit:.0f} % of held-out rows"
    return Text.assemble(
        "mean answer ",
        (line[:place], "dim"),
        ("●", "bold cyan"),
        (line[place + 1 :], "dim"),
        f" oracle   {diagnosis.learner} is {way(diagnosis.position)}{hit}",
    )


def no_gap(diagnosis: Diagnosis) -> bool:
    """Whether the learner is level with the oracle, so that no change has anything to close."""
    return not diagnosis.measured and diagnosis.position > 1 - LEAST


def way(position: float) -> str:
    """A position in words: `62 % of the way`."""
    return f"{100 * position:.0f} % of the way" if position >= -0.005 else "worse than the mean answer"


def _table(found: tuple[Measured, ...], style: str) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 1), show_header=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    table.add_column(style="dim")
    for change, effect in found:
        bar = "█" * round(10 * min(1.0, max(0.0, effect.closed)))
        seeds = "1 seed" if effect.seeds == 1 else f"{effect.seeds} seeds"
        table.add_row(
            Text(_share(effect), style),
            Text(f"{bar:<10}", style),
            seeds,
            change.words,
            remark(measured(change, effect)),
        )
    return table


def remark(held: Document) -> str:
    """What may be said of a change that was measured (see `_keep.measured`), and no more."""
    if held["verdict"] == "helps":
        # diagnoses kept by an older version do not tell
        around = held.get("bypass", False)
        return f"{'a way around, whatever the cause' if around else 'consistent with'}: {held['cause']}"
    if held["low"] is None:
        return "the seed that screens alone: no test"
    if held.get("refuted", False):
        return "not with all epochs"
    if held["verdict"] == "unclear" and held["beyond"] and held["low"] > 0:
        return "above 0, but behind two changes that failed: no longer counted"
    return ""


def _share(effect: Effect) -> str:
    """`93 % (91 to 95)`."""
    # z: what rounds to nothing is 0, not -0
    if not math.isfinite(effect.low):
        return f"{100 * effect.closed:z.0f} %"
    return f"{100 * effect.closed:z.0f} % ({100 * effect.low:z.0f} to {100 * effect.high:z.0f})"


def _next(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    yield Text()
    if diagnosis.code:
        yield Text("Apply it", "bold")
        if diagnosis.name:
            quoted = f"'{diagnosis.name}'" if set(diagnosis.name) & set("?&*") else diagnosis.name
            yield Text(f"  spoton bench '{diagnosis.task}' --learners {quoted}")
        for line in diagnosis.code.splitlines():
            yield Text(f"  {line}")
    elif diagnosis.faults:
        yield Text("Mend the data first; then ask again.", "bold")
    elif no_gap(diagnosis):
        yield Text("There is no gap to the oracle that a change could close.")
    elif diagnosis.untested and not diagnosis.measured:
        yield Text("Nothing was tried, the time was over before; give more --minutes.", "yellow")
    else:
        yield Text("Nothing that was tried closes a part of the gap that is clearly above the noise of the seeds.")
    seeds = len({run.seed for run in diagnosis.runs})
    yield Text()
    if diagnosis.interrupted:
        yield Text("Interrupted: this is what was measured until then.", "yellow")
    yield Text(f"{len(diagnosis.runs)} runs on {seeds} seeds in {diagnosis.seconds:.0f} s. {MEANING}", "dim")
