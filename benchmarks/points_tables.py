"""What points.py and tables.py show their runs with: the bench behind a bar, cells and tables in Markdown, curves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from spoton import Run, bench
from spoton.cli._progress import progress

SEEDS = range(100, 105)


@dataclass
class Bench:
    """Runs what is asked for, with a bar; what is in the journal is not run again."""

    jobs: int
    journal: Path
    seeds: Sequence[int] = SEEDS

    def __call__(self, tasks: Any, learners: Any, **options: Any) -> list[Run]:
        """See `spoton.bench`."""
        with progress() as bar:
            return bench(
                tasks,
                learners,
                seeds=list(self.seeds),
                jobs=self.jobs,
                journal=self.journal,
                resume=True,
                on_run=lambda run: bar.say(f"{run.learner} on {run.task}, seed {run.seed}: {run.reason or run.status}"),
                **options,
            )


def each(runs: Iterable[Run], side: str, digits: int = 2) -> str:
    """Hits in per cent, one a seed."""
    return " ".join(f"{100 * run.metrics[side]['hit']:.{digits}f}" if run.metrics else "failed" for run in runs)


def average(runs: Iterable[Run], side: str, digits: int = 2) -> str:
    """Mean hit in per cent, and its smallest and largest value."""
    hits = [100 * run.metrics.get(side, {}).get("hit", 0.0) for run in runs]
    return f"{mean(hits):.{digits}f} ({min(hits):.{digits}f} to {max(hits):.{digits}f})"


def seconds(runs: Iterable[Run]) -> str:
    """Mean seconds of a fit."""
    return f"{mean(run.fit_seconds or 0.0 for run in runs):.1f}"


def table(head: str, rows: Iterable[Iterable[object]]) -> str:
    """Markdown."""
    columns = head.split("|")
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell).strip() for cell in line) + " |" for line in lines)


def of(runs: list[Run], **wanted: object) -> list[Run]:
    """The runs with these attributes."""
    return [run for run in runs if all(getattr(run, key) == value for key, value in wanted.items())]


def tuned() -> Any:
    """What tune_points.py found."""
    return json.loads((Path(__file__).parent / "tuned.json").read_text("utf-8"))


def settings(task: str) -> dict[str, str]:
    """Learner -> its name with the settings that were found for a task."""
    return {learner: best["best"] for learner, best in tuned()["tasks"][task].items()}


def curves(sizes: Iterable[int], points: dict[str, list[float]], path: Path) -> None:
    """The curves as a picture, each named at its right end."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.subplots()
    ends: list[float] = []
    ranked = sorted(points.items(), key=lambda pair: -pair[1][-1])
    for i, (name, hits) in enumerate(ranked):
        (line,) = axes.plot(
            list(sizes), [100 * hit for hit in hits], marker="o", markersize=3, linewidth=2 if i < 3 else 1
        )
        y = min([100 * hits[-1], *(end - 4.5 for end in ends[-1:])])  # names below each other, not on top
        ends.append(y)
        axes.annotate(
            name,
            (567, 100 * hits[-1]),
            (620, y),
            color=line.get_color(),
            fontsize=8,
            va="center",
            annotation_clip=False,
        )
    axes.set_xscale("log")
    axes.set_xticks(list(sizes), [str(n) for n in sizes])
    axes.minorticks_off()
    axes.set_xlabel("training images")
    axes.set_ylabel("held-out images hit exactly, %")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def written(path: Path) -> dict[str, str]:
    """Title -> text of the sections that are in the file."""
    parts = path.read_text("utf-8").split("\n## ")[1:] if path.exists() else []
    return {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in parts}


def replace_section(path: Path, intro: str, title: str, text: str, order: Iterable[str]) -> None:
    """Write one section anew below the intro; those of other titles stay, in the order given."""
    done = written(path) | {title: text}
    parts = [f"## {key}\n\n{done[key]}\n" for key in order if key in done]
    path.write_text("\n".join([intro, *parts]), "utf-8")
