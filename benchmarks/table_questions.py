"""The questions of 2020 about nets on tables, each by a small experiment.

    python benchmarks/table_questions.py                    # all of them, under 20 minutes on one core; resumes
    python benchmarks/table_questions.py batch dropout      # some of them

Means of seeds 100 to 104, which nothing was chosen on, with the sample sd. The learning rate of each setting is chosen
among .0003, .001, .003, .01 and .03 on seeds 0 to 2, on a fifth of their training rows. A difference is paired by seed,
with its 95 % interval (t, 4 degrees of freedom). Unless told otherwise, a net has 64 hidden units with a ReLU, batches
of 32 and no dropout, and columns and answers are standardised. Each question replaces its own part of
`table_questions.md`, and a figure that is in the journal is not measured again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LinearRegression

from points_tables import replace_section, table
from recorded import Rerun, columns, reruns, task_of
from spoton import evaluate, get_learner, get_task
from spoton.data import Array
from table_nets import SEEDS, Net, Rows, tuned

HERE = Path(__file__).parent
OUT = HERE / "table_questions.md"
INTRO = f"# The questions of 2020 about nets on tables\n\n{(__doc__ or '').partition('# some of them')[2].strip()}\n"
T95 = 2.776  # of Student's t, 4 degrees of freedom
EXACT, CURVED, POINTS = "columns/perfect", "friedman1", "pnist/topleft"
LINEAR = Net(hidden=(), epochs=100)


@dataclass(frozen=True)
class Journal:
    """Figures that were measured, one line each: a key and one value a seed."""

    path: Path

    def __call__(self, key: str, measure: Callable[[], Sequence[float]]) -> list[float]:
        """The figures of this key, measured if they are not there."""
        known = {}
        if self.path.exists():
            known = {row["key"]: row["r2"] for row in map(json.loads, self.path.read_text("utf-8").splitlines())}
        if key not in known:
            known[key] = list(measure())
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "r2": known[key]}) + "\n")
            print(f"{key}: {spread(known[key])}", flush=True)
        found: list[float] = known[key]
        return found

    def net(self, data: str, rows: Callable[[int], Rows], net: Net) -> list[float]:
        """R2 of a small net, its learning rate tuned; `rows` gives those of a seed."""
        return self(f"{data} | {net}", lambda: tuned(rows, net))


def spread(values: Sequence[float]) -> str:
    """Mean and sample sd."""
    return f"{mean(values):.3f} ± {stdev(values):.3f}"


def difference(values: Sequence[float], others: Sequence[float]) -> str:
    """Mean of the differences and its 95 % interval."""
    each = [a - b for a, b in zip(values, others, strict=True)]
    wide = T95 * stdev(each) / len(each) ** 0.5
    return f"{mean(each):+.3f} ({mean(each) - wide:+.3f} to {mean(each) + wide:+.3f})"


@cache
def rows_of(name: str, seed: int) -> Rows:
    """The rows of a task of tables."""
    task = get_task(name)
    return _cut(task, seed, task.data().X.to_numpy(dtype=np.float64), task.data().y.to_numpy())


@cache
def features_of(name: str, outputs: tuple[int, ...], seed: int) -> Rows:
    """pts12 + pts22 of the digits, px / 28 as in 2020, and coordinates of the point, in pixels."""
    task, table = get_task(name), columns("pts")
    X = table.loc[:, table.columns.str.startswith(("pts12", "pts22"))].to_numpy()
    return _cut(task, seed, X, task.data().y.to_numpy()[:, list(outputs)])


def _cut(task: Any, seed: int, X: Array, y: Array) -> Rows:
    split = task.split(seed)
    return Rows(seed, X[split.train], y[split.train], X[split.valid], y[split.valid])


@cache
def made(rows: int, extra: int, correlation: float, noise: float, seed: int) -> Rows:
    """y = the sum of 5 normal columns; `extra` others, each with this correlation to one of the five."""
    random = np.random.RandomState(seed)
    true = random.normal(size=(rows + 1000, 5))
    copied = true[:, random.randint(5, size=extra)] * correlation
    X = np.concatenate([true, copied + np.sqrt(1 - correlation**2) * random.normal(size=copied.shape)], axis=1)
    y = true.sum(1, keepdims=True)
    y[:rows] += noise * np.sqrt(5) * random.normal(size=(rows, 1))
    return Rows(seed, X[:rows], y[:rows], X[rows:], y[rows:])


def beside_noise(factor: float, seed: int) -> Rows:
    """The curved law and, with a factor above 0, a second answer of noise with so many sds."""
    part, random = rows_of(CURVED, seed), np.random.RandomState(seed)
    y, y_valid = (
        np.column_stack([v, *([v.std() * factor * random.normal(size=len(v))] if factor else [])])
        for v in (part.y[:, 0], part.y_valid[:, 0])
    )
    return replace(part, y=y, y_valid=y_valid)


def least_squares(rows: Callable[[int], Rows]) -> list[float]:
    """R2 of linear regression as it is: the columns are not scaled."""
    parts = [rows(seed) for seed in SEEDS]
    return [float(LinearRegression().fit(p.X, p.y).score(p.X_valid, p.y_valid)) for p in parts]


def recorded_runs(keep: Journal, rerun: Rerun) -> list[float]:
    """R2 of a model of 2020, rebuilt, on topleft."""
    learner = get_learner(rerun.name) if rerun.learner is None else rerun.learner
    task = task_of(rerun.x_cols, "topleft")
    return keep(
        f"{rerun.model} | {rerun.details}",
        lambda: [evaluate(learner, task, seed=seed).metrics["valid"]["r2"] for seed in SEEDS],
    )


def lines(found: dict[str, list[float]], base: str) -> list[tuple[str, ...]]:
    """One line a setting, and its difference to the first one."""
    return [
        (name, spread(values), "" if name == base else difference(values, found[base]))
        for name, values in found.items()
    ]


def compared(found: dict[str, dict[str, list[float]]], head: str) -> str:
    """Tables of settings, one a data set, each against its first setting."""
    rows = [(data, *line) for data, settings in found.items() for line in lines(settings, next(iter(settings)))]
    return table(f"table | {head} | R2 | difference to the first", rows)


def both(keep: Journal, settings: Iterable[tuple[str, dict[str, Any]]], head: str) -> str:
    """A setting on the exact law among 804 columns, and on a curved one of 5."""
    found: dict[str, dict[str, list[float]]] = {EXACT: {}, CURVED: {}}
    for title, options in settings:
        for data, epochs in ((EXACT, 30), (CURVED, 100)):
            found[data][title] = keep.net(data, partial(rows_of, data), Net(**({"epochs": epochs} | options)))
    return compared(found, head)


def y_norm(keep: Journal) -> str:
    """Does normalising y turn .95 into .995?"""
    known = {(r.model, r.details): r for r in reruns(("featsnet", "tabular"))}
    feats = "feats=11,12 | epochs=90, lr=1e-2"
    then = {"FeatsNet2.1122": feats, "FeatsNet3.1222": f"y_norm=True | {feats}"}
    found = {
        "FeatsNet of 2020, as it was": {
            "px / 14 - 1, sigmoid, lr .02": recorded_runs(keep, known["FeatsNet2.1122", then["FeatsNet2.1122"]]),
            "standardised, other limits, lr .01": recorded_runs(keep, known["FeatsNet3.1222", then["FeatsNet3.1222"]]),
        }
    }
    for epochs in (10, 40):
        pair = [
            recorded_runs(keep, known["fastTab1.2", f"x=restrict y_norm={y} x_norm=True epochs={epochs}"])
            for y in (False, True)
        ]
        title = f"fastai-tabular of 2020, {epochs} epochs, lr .001"
        found[title] = dict(zip(("px / 14 - 1", "standardised"), pair, strict=True))
    fair = Net(hidden=(28,), relu=False, epochs=90, batch_size=64, x_scale=False, y_scale="half widths")
    found["FeatsNet's layers, lr tuned, else the same (R2 of x)"] = {
        title: keep.net(POINTS, partial(features_of, POINTS, (0, 1)), replace(fair, **options))
        for title, options in (
            ("px / 14 - 1", {}),
            ("px", {"y_scale": "none"}),
            ("standardised", {"y_scale": "standard"}),
            ("px / 14 - 1, head of zeros", {"init": "zero head"}),
            ("standardised, head of zeros", {"y_scale": "standard", "init": "zero head"}),
        )
    }
    return compared(found, "answers")


def two_targets(keep: Journal) -> str:
    """Does fitting two targets at once hurt the first?"""
    net, found = Net(epochs=100), {}
    for name in (POINTS, "pnist/center"):
        found[f"{name}, x"] = {
            "alone": keep.net(f"{name} x", partial(features_of, name, (0,)), net),
            "with y": keep.net(f"{name} xy", partial(features_of, name, (0, 1)), net),
        }
    raw = Net(epochs=100, y_scale="none")
    found[CURVED] = {"alone": keep.net(CURVED, partial(rows_of, CURVED), net)}
    for title, factor, one in (
        ("with pure noise", 1.0, net),
        ("alone, answers not scaled", 0.0, raw),
        ("with noise 100 times as large, not scaled", 100.0, raw),
    ):
        name = f"{CURVED} beside noise of {factor:g} sd"
        found[CURVED][title] = keep.net(name, partial(beside_noise, factor), one)
    return compared(found, "answers fitted")


def collinear(keep: Journal) -> str:
    """Is it the number of columns or their collinearity?"""
    rows = []
    for extra, correlation in ((0, 0.0), (50, 0.0), (50, 0.9), (50, 0.99), (800, 0.0), (800, 0.9), (800, 0.99)):
        name, make = f"560 rows, 5 + {extra} columns, r {correlation:g}", partial(made, 560, extra, correlation, 0.0)
        net = keep.net(name, make, Net(epochs=100 if extra < 800 else 30))
        linear = keep(f"{name} | least squares", partial(least_squares, make))
        rows.append((extra, correlation if extra else "", spread(net), spread(linear)))
    return table("columns beside the 5 | their correlation with one of these | net, R2 | least squares, R2", rows)


def init(keep: Journal) -> str:
    """Is it the init?"""
    kinds = ("default", "zero head", "orthogonal", "larger")
    return both(keep, [(kind, {"init": kind}) for kind in kinds], "weights at the start")


def hidden(keep: Journal) -> str:
    """Does removing the hidden layer help?"""
    settings: list[tuple[str, dict[str, Any]]] = [
        ("one of 64", {"hidden": (64,)}),
        ("none", {"hidden": ()}),
        ("none, weights 0 at the start", {"hidden": (), "init": "zero head"}),
        ("two of 64", {"hidden": (64, 64)}),
    ]
    return both(keep, settings, "hidden layers")


def batch(keep: Journal) -> str:
    """Which batch size?"""
    return both(keep, [(str(size), {"batch_size": size}) for size in (32, 8, 128, 560)], "rows a batch")


def dropout(keep: Journal) -> str:
    """Does dropout help?"""
    return both(keep, [(f"{share:g}", {"dropout": share}) for share in (0.0, 0.2, 0.5)], "dropout")


def linear_or_net(keep: Journal) -> str:
    """When does linear regression beat nets?"""
    rows = []
    for count in (60, 250, 1000):
        for extra in (5, 95):
            for noise in (0.0, 0.5):
                name, make = f"{count} rows, 5 + {extra}, noise {noise:g}", partial(made, count, extra, 0.0, noise)
                linear = keep(f"{name} | least squares", partial(least_squares, make))
                net, one = keep.net(name, make, Net(epochs=100)), keep.net(name, make, LINEAR)
                rows.append(
                    ("linear", count, 5 + extra, noise, *map(spread, (linear, net, one)), difference(linear, net))
                )
    for name in (CURVED, "friedman1?superfluous=95"):
        for count in (60, 250):
            task = f"{name}{'&' if '?' in name else '?'}train={count}"
            make = partial(rows_of, task)
            linear = keep(f"{task} | least squares", partial(least_squares, make))
            net, one = (keep.net(task, make, n) for n in (Net(epochs=100), LINEAR))
            width = make(SEEDS[0]).X.shape[1]
            rows.append(("friedman1", count, width, 0.0, *map(spread, (linear, net, one)), difference(linear, net)))
    return table(
        "law | rows | columns | noise, sd | least squares | net | linear layer, Adam | least squares - net", rows
    )


QUESTIONS: dict[str, Callable[[Journal], str]] = {
    "y_norm": y_norm,
    "two_targets": two_targets,
    "collinear": collinear,
    "init": init,
    "hidden": hidden,
    "batch": batch,
    "dropout": dropout,
    "linear_or_net": linear_or_net,
}


def main() -> None:
    """Answer the questions and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", nargs="*", help=f"some of {', '.join(QUESTIONS)}; all by default")
    parser.add_argument("--journal", type=Path, default=HERE / "table_questions-runs.jsonl")
    asked = parser.parse_args()
    if unknown := set(asked.questions) - set(QUESTIONS):
        parser.error(f"no question is called {', '.join(sorted(unknown))}; known: {', '.join(QUESTIONS)}")
    torch.set_num_threads(1)
    for name in asked.questions or QUESTIONS:
        text = QUESTIONS[name](Journal(asked.journal))
        title = (QUESTIONS[name].__doc__ or name).strip()
        titles = [(part.__doc__ or "").strip() for part in QUESTIONS.values()]
        replace_section(OUT, INTRO, title, f"`python benchmarks/table_questions.py {name}`\n\n{text}", titles)
        print(f"## {title}\n\n{text}\n", flush=True)


if __name__ == "__main__":
    main()
