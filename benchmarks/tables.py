"""Nets on tables: what is claimed of them, on seeds that nothing was chosen on, beside peers in the same run.

    python benchmarks/tables.py                       # all sections, many hours; resumes
    python benchmarks/tables.py perfect rescaled      # some of them
    python benchmarks/tables.py regret --seeds 2      # fewer seeds, to try it; not to be reported

Seeds 200 to 219 were never used to choose anything. A seed draws the split and the learner; the tables are fixed by
their names. Each section replaces its own part of `tables.md`. The peers have the settings that their authors
recommend; those that are not installed are left out, and the file says so (extras: trees, tables, peers).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from types import MappingProxyType

import torch

from points_tables import Bench, replace_section, table
from spoton import Run, get_task
from table_costs import COUNT, cpu_seconds, memory
from table_peers import peers

HERE = Path(__file__).parent
OUT = HERE / "tables.md"
INTRO = "# Tables\n\nR2 on the validation side, a fifth of the rows. Spread over seeds in brackets.\n"
SEEDS = range(200, 220)
OURS, LADDER = "spottable", "spottable-ladder"
PEERS = ("lightgbm", "xgboost", "forest", "linear", "realmlp")  # those that the claim of no regret names
# those that choose columns; a fit of `lassonet` and its penalty takes more than ten minutes on 804, so it is left out
SELECTORS = ("lasso-cv", "stg")
FASTAI = "fastai-tabular+ynorm?epochs=40"  # as it did best among the questions of 2020
REAL = ("cancer", "star98", "fair", "grunfeld", "fertility", "wine", "anes96")  # all but iris, of three columns
# these get the first seeds of all where tables are wide; those that take minutes there, fewer
FIRST = dict.fromkeys((LADDER, *PEERS, *SELECTORS, "fastai-tabular"), 5) | {"realmlp": 2, "stg": 1}
FIRST_ORDINARY = {"realmlp": 5, LADDER: 10}
SUPPORT = {"lasso-cv": 5, "linear": 5}
ORDINARY = (
    *("friedman1", "friedman2", "friedman3", "diabetes", "california-like", "steps", "products"),
    *(f"real/{name}" for name in REAL),
)


def made(
    run: Bench, tasks: Iterable[str], learners: Iterable[str], first: Mapping[str, int] = MappingProxyType(FIRST)
) -> list[Run]:
    """All runs; those of peers on the first few seeds."""
    tasks, runs, whole = list(tasks), [], len(run.seeds)
    counts = {name: min(whole, first.get(name.partition("+")[0], whole)) for name in learners}
    for count in sorted(set(counts.values()), reverse=True):
        names = [name for name, its in counts.items() if its == count]
        runs += replace(run, seeds=run.seeds[:count])(tasks, names)
    return runs


def of(runs: list[Run], task: str, learner: str) -> list[Run]:
    """The runs of one cell, one a seed."""
    return [run for run in runs if run.task == get_task(task).name and run.learner == learner]


def scores(runs: Iterable[Run], metric: str = "r2") -> list[float]:
    """Of the validation side; a failed run is the worst that can be."""
    return [run.metrics.get("valid", {}).get(metric, -math.inf) for run in runs]


def missed(r2: float) -> str:
    """1 - R2, which shows the digits that R2 hides."""
    return f"{1 - r2:.1e}" if math.isfinite(r2) else "failed"


def spread(runs: list[Run]) -> str:
    """Median of 1 - R2 over the seeds, with the best and the worst; why, where there is none."""
    found = sorted(scores(runs))
    if all(run.status == "skipped" for run in runs):
        return "not installed" if any("needs the package" in run.reason for run in runs) else "declined"
    return f"{missed(median(found))} ({missed(found[-1])} to {missed(found[0])})"


def mean_r2(runs: list[Run]) -> str:
    """Mean R2 over the seeds, with the worst and the best."""
    found = scores(runs)
    if all(run.status == "skipped" for run in runs):
        return "not installed"
    return f"{mean(found):.4f} ({min(found):.4f} to {max(found):.4f})"


def reached(runs: list[Run], r2: float) -> str:
    """How many seeds reach it."""
    return f"{sum(score >= r2 for score in scores(runs))} of {len(runs)}"


def seconds(runs: Iterable[Run]) -> str:
    """Median seconds of a fit, and the longest."""
    found = [run.fit_seconds for run in runs if run.fit_seconds is not None]
    return f"{median(found):.2f} (at most {max(found):.2f})" if found else ""


def exactness(run: Bench, tasks: Iterable[str], learners: Iterable[str], goals: tuple[float, ...]) -> str:
    """A row for each task and learner: how much is missed, and how often each goal is reached."""
    tasks, learners = list(tasks), list(learners)
    runs = made(run, tasks, learners)
    rows = []
    for task in tasks:
        for learner in learners:
            found = of(runs, task, learner)
            hits = (reached(found, goal) for goal in goals)
            rows.append((f"`{task}`", f"`{learner}`", spread(found), *hits, seconds(found)))
    heads = " | ".join(f"1 - R2 ≤ {1 - goal:.0e}" for goal in goals)
    return table(f"task | learner | median of 1 - R2 (best to worst) | {heads} | fit s", rows)


def perfect(run: Bench) -> str:
    """1. Four columns among eight hundred: one net, 3 epochs"""
    tasks = ("columns/perfect", "columns/uniform")
    ours = exactness(run, tasks, [f"{OURS}?epochs=3"], (1 - 1e-6, 1 - 1e-9))
    others = exactness(run, tasks, [LADDER, *PEERS, FASTAI, "linear+xnorm", *SELECTORS], (1 - 1e-6,))
    return f"{ours}\n\n{others}"


def rescaled(run: Bench) -> str:
    """2. The same in any units, with few rows, with tens of thousands of columns"""
    tasks = [
        f"columns/{member}?{options}"
        for member in ("perfect", "uniform")
        for options in ("rescale=1", "rows=63", "superfluous=5000", "superfluous=30000")
    ]
    text = "`rows=63` are 50 rows to train on.\n\n"
    return text + exactness(run, tasks, [f"{OURS}?epochs=3"], (1 - 1e-6, 1 - 1e-9))


def pixels(run: Bench) -> str:
    """3. Two columns among 856, pixels that hardly vary"""
    net = exactness(run, ["columns/pixels"], [f"{OURS}?epochs=10"], (0.0, 1 - 1e-4, 1 - 1e-9))
    others = exactness(run, ["columns/pixels"], [LADDER, *PEERS, "lasso-cv"], (0.0, 1 - 1e-4, 1 - 1e-9))
    return f"{net}\n\n{others}"


def laws(run: Bench) -> str:
    """4. Dense laws, and sums of many columns"""
    dense = [f"linear/dense?columns={d}&condition=1e4" for d in (20, 100)]
    sums = ["columns/sum?superfluous=795", "columns/sum?terms=20"]
    return exactness(run, [*dense, *sums], [OURS, LADDER, "lasso-cv", *PEERS], (1 - 1e-4, 1 - 1e-8))


def plain(run: Bench) -> str:
    """11. Four columns among eight hundred, and noise in the answers"""
    return beside(run, "columns/plain", [OURS, LADDER, "lasso-cv", *PEERS])


def beside(run: Bench, task: str, learners: list[str]) -> str:
    """A row for each learner."""
    runs = made(run, [task], learners)
    rows = [(f"`{name}`", mean_r2(part := of(runs, task, name)), seconds(part)) for name in learners]
    return f"`{task}`:\n\n" + table("learner | mean R2 (worst to best) | fit s", rows)


def lead(runs: list[Run], task: str, peer: str, ours: str) -> float:
    """By how much a peer's mean R2 is larger than ours, on the seeds that both have."""
    theirs, mine = ({run.seed: scores([run])[0] for run in of(runs, task, name)} for name in (peer, ours))
    return mean(theirs[seed] - mine[seed] for seed in theirs.keys() & mine.keys())


def regret(run: Bench) -> str:
    """5. No regret on ordinary tables"""
    learners = [OURS, LADDER, *PEERS]
    runs = made(run, ORDINARY, learners, FIRST_ORDINARY)
    rows = []
    for task in ORDINARY:
        means = [mean(scores(of(runs, task, name))) for name in learners]
        worst = {ours: max(PEERS, key=lambda peer: lead(runs, task, peer, ours)) for ours in (OURS, LADDER)}
        rows.append(
            (
                f"`{task}`",
                *(f"{value:.4f}" if math.isfinite(value) else "none" for value in means),
                *(f"{lead(runs, task, peer, ours):+.4f} (`{peer}`)" for ours, peer in worst.items()),
                *(seconds(of(runs, task, name)) for name in (OURS, LADDER)),
            )
        )
    heads = " | ".join(f"`{name}`" for name in learners)
    text = "Mean R2. Regret: by how much the best of the peers is ahead, on the seeds of both; below 0, behind.\n\n"
    head = f"task | {heads} | regret of `{OURS}` | of `{LADDER}` | fit s of `{OURS}` | of `{LADDER}`"
    return f"{text}{table(head, rows)}\n\n{beside(run, 'friedman1?superfluous=795', learners)}"


def ranks(values: dict[str, float]) -> dict[str, float]:
    """1 for the largest; equal ones share the mean of their places."""
    return {
        name: 1 + sum(other > value for other in values.values()) + (list(values.values()).count(value) - 1) / 2
        for name, value in values.items()
    }


def noise(run: Bench) -> str:
    """6. Superfluous columns of three kinds, half of the table"""
    learners = [OURS, LADDER, *PEERS]
    parts, every = [], dict.fromkeys(learners, 0.0)
    kinds = ("random", "corrupted", "second-order")
    for kind in kinds:
        tasks = [f"{task}?added={kind}" for task in ORDINARY]
        runs = run(tasks, learners)
        found = [ranks({name: mean(scores(of(runs, task, name))) for name in learners}) for task in tasks]
        average = {name: mean(place[name] for place in found) for name in learners}
        every = {name: every[name] + average[name] / len(kinds) for name in learners}
        parts.append((kind, *(f"{average[name]:.2f}" for name in learners)))
    parts.append(("all", *(f"{every[name]:.2f}" for name in learners)))
    text = (
        f"Mean rank of the mean R2 over {len(ORDINARY)} tables; a learner that fails or is not installed is last.\n\n"
    )
    return text + table("added columns | " + " | ".join(f"`{name}`" for name in learners), parts)


def support(run: Bench) -> str:
    """7. Which columns are used, and their coefficients"""
    tasks, learners = ("columns/perfect", "columns/uniform"), (f"{OURS}?epochs=3", "lasso-cv", "linear")
    runs = made(run, tasks, learners, SUPPORT)
    rows = []
    for task in tasks:
        for learner in learners:
            found = of(runs, task, learner)
            sides = [scores(found, f"support_{name}") for name in ("precision", "recall")]
            shares = (f"{mean(side):.3f} (at worst {min(side):.3f})" for side in sides)
            exact = sum(pair == (1, 1) for pair in zip(*sides, strict=True))
            error = f"{max(scores(found, 'coef_error')):.1e}"
            rows.append((f"`{task}`", f"`{learner}`", *shares, f"{exact} of {len(found)}", error))
    text = (
        "Four columns decide. Precision: their share of the columns that are used; recall: how many of them are used. "
        "Error: of the coefficients, the distance from those of least squares on the four, relative to their size.\n\n"
    )
    return text + table("task | learner | precision | recall | exactly the four | largest error", rows)


SECTIONS: dict[str, Callable[[Bench], str]] = {
    "perfect": perfect,
    "rescaled": rescaled,
    "pixels": pixels,
    "laws": laws,
    "regret": regret,
    "noise": noise,
    "support": support,
    "memory": memory,
    "seconds": cpu_seconds,
    "peers": peers,
    "plain": plain,
}
FEWER = {"memory": 1, "seconds": COUNT, "peers": 1}  # seeds; a fit of TabM takes minutes, of LassoNet half an hour


def main() -> None:
    """Run the sections and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", help=f"some of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many of the 20 seeds, from the first")
    parser.add_argument("--journal", type=Path, default=HERE / "tables-runs.jsonl")
    parser.add_argument("--note", default="", help="a sentence about the machine, for the file")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"no section is called {', '.join(sorted(unknown))}; known: {', '.join(SECTIONS)}")
    seeds = list(SEEDS)[: asked.seeds]
    for name in asked.sections or SECTIONS:
        section = SECTIONS[name]
        title, count = (section.__doc__ or name).strip(), min(len(seeds), FEWER.get(name, len(seeds)))
        command = (
            f"`python benchmarks/tables.py {name}`, torch {torch.__version__}, one thread of a CPU a fit, "
            f"{f'seed {seeds[0]}' if count == 1 else f'{count} seeds from {seeds[0]}'}"
        )
        first: dict[str, int] = {"regret": FIRST_ORDINARY, "support": SUPPORT}.get(name, FIRST)
        first = {} if name == "noise" or name in FEWER else first
        if fewer := ", ".join(f"`{one}` {n}" for one, n in first.items() if n < len(seeds)):
            command += f"; of these learners fewer, from the first: {fewer}"
        command += f". {asked.note}".rstrip()
        text = f"{command}\n\n{section(Bench(asked.jobs, asked.journal, seeds[:count]))}"
        replace_section(asked.out, INTRO, title, text, [(part.__doc__ or "").strip() for part in SECTIONS.values()])
        print(f"## {title}\n\n{text}\n", file=sys.stdout, flush=True)


if __name__ == "__main__":
    main()
