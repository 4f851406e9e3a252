"""The figures of 2020 (`spoton.recorded()`) beside what the same models give today, one line a recorded row.

    python benchmarks/recorded.py --markdown recorded.md     # all but ResNet18: --resnet
    python benchmarks/recorded.py --only sklearn,feats --quick

Today's figures come from `spoton.evaluate`, mean ± sample sd over seeds. Those of 2020 are one run each, and the
scikit-learn rows were scored on wrongly paired coordinates. Models that give the same figures each time are
also fitted again on the split of 2020 and scored rightly, in the remark (see tests/test_recorded.py).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from spoton import Run, Task, bench, frames, get_learner, get_task, metrics, recorded
from spoton._recorded import PX
from spoton.cli._progress import progress
from spoton.data import Array, PointData
from spoton.learners import FastaiRegressor
from spoton.tasks._task import Loaded

GROUPS = ("net3", "sklearn", "feats", "featsnet", "tabular", "resnet")
PACKAGES = ("spoton", "torch", "fastai", "scikit-learn", "numpy")
SIZE = 28
# pts22_5, _29, _21, pts11_0, pts12_4, pts11_2 in 2020: the answer's x three times, then its y three times
RESTRICT = ["pts22_2_x", "pts22_14_x", "pts22_10_x", "pts11_0_y", "pts12_2_y", "pts11_1_y"]
# the sigmoid of 2020 ended at -1 and 1; `extremes`, the default on features, are those of the answers
WIDE, TABULAR1 = "y_range=0x28", "epochs=40 | 6 features for X | y-norm"

# model of 2020 -> the estimator, and its columns; those that give the same figures each time
EXACT: dict[str, tuple[BaseEstimator, str]] = {
    "Lasso": (Lasso(alpha=1.0), "pixels"),
    "Lasso Feats": (Lasso(alpha=1.0), "all"),
    "LR Feats2": (LinearRegression(), "pts"),
    "Ridge Feats2": (Ridge(), "pts"),
    "Lasso Feats2": (Lasso(alpha=1.0), "pts"),
}

Runs = dict[tuple[str, str, str], list[Run]]  # (x_cols, target, name) -> one run a seed


@dataclass(frozen=True)
class Rerun:
    """How a model of 2020 is made today."""

    group: str  # one of GROUPS
    model: str  # its name in 2020
    details: str
    name: str  # spoton's name of the learner, or words where it has none
    learner: BaseEstimator | None = None  # that of the name by default
    x_cols: str = ""  # columns of the table that it learns from; empty for images
    remark: str = "unseeded"  # what has to be known to compare
    target: str = ""  # made for this one only; empty for all


def columns(x_cols: str) -> pd.DataFrame:
    """The inputs of 2020 as a table: `pixels` 0..255, `pts` (px / 28), `all`, or `restrict` (six of pts)."""
    X = get_task("columns/pixels").data().X
    pixels, pts = X.loc[:, X.columns.str.startswith("px")], X.loc[:, X.columns.str.startswith("pts")] / SIZE
    if x_cols == "restrict":
        return pts[RESTRICT]
    return {"pixels": pixels, "pts": pts, "all": pd.concat([pixels, pts], axis=1)}[x_cols]


def load(x_cols: str, target: str) -> Loaded:
    """A table and its answers, in the same order. Task.from_table knows of no points, so of no distance."""
    data = get_task(f"pnist/{target}").data()
    return Loaded(PointData(X=columns(x_cols), y=data.y, points=data.points))


def task_of(x_cols: str, target: str) -> Task:
    """The images, or a table made of them; the splits are the same."""
    if not x_cols:
        return get_task(f"pnist/{target}")
    name = f"table-{x_cols}/{target}"
    return Task(name, f"{x_cols}, columns of 2020 -> {target}", partial(load, x_cols, target), whole=True)


class OldFastai(FastaiRegressor):
    """The layers as they stood until 2021: no batch normalisation before the last one (fastai #3314)."""

    def fit(self, X: Any, y: Any) -> FastaiRegressor:
        from fastai.tabular.model import TabularModel

        with patch("fastai.tabular.learner.TabularModel", partial(TabularModel, lin_first=False)):
            return super().fit(X, y)


def on_scaled(regressor: BaseEstimator, y_norm: bool) -> BaseEstimator:
    """Train on standardised answers, or else on px / 14 - 1."""
    if y_norm:
        return TransformedTargetRegressor(regressor, transformer=StandardScaler())
    there, back = (partial(f, size=SIZE, centred=False) for f in (frames.to_fastai, frames.from_fastai))
    return TransformedTargetRegressor(regressor, func=there, inverse_func=back)


def _images() -> list[Rerun]:
    each, label = "unseeded", "label wrong: all of pts"
    two, three, constant = "feats 12,22", "feats 11,12,22", f"{label}; a constant"
    return [
        Rerun("net3", "Net3", "10 fit epochs", f"net3?{WIDE}"),
        Rerun("sklearn", "Lasso", "alpha=1", "lasso", remark=""),
        Rerun("sklearn", "RF", "default params", "forest", remark=each),
        Rerun("feats", "LR Feats2", two, "linear@pts", remark=label),
        Rerun("feats", "Ridge Feats2", two, "ridge@pts?alpha=784", remark=label),
        Rerun("feats", "Lasso Feats2", f"alpha=1.0 | {two}", "lasso@pts?alpha=28", remark=constant),
        Rerun("feats", "RF Feats2", two, "forest@pts", remark=f"{label}; {each}"),
        Rerun("feats", "RF Feats", three, "forest@pix+pts", remark=each),
        Rerun("feats", "Lasso Feats", f"alpha=1; {three}", "Lasso(1)", Lasso(), "all", "pts get weight 0"),
    ]


def _featsnets() -> list[Rerun]:
    found = []
    for pix, n in product(("pix", ""), ("11", "12", "22")):
        name = f"featsnet@{'pix+' * bool(pix)}pts{n}?epochs=20&{WIDE}"
        found.append(Rerun("featsnet", f"FeatsNet1.{n}", f"feats={pix},pts{n}", name))
    last, wrong = "feats=11,12 | epochs=90, lr=1e-2", "unseeded; label wrong: really pts12+pts22"
    two = f"featsnet@pts12+pts22?epochs=90&lr=0.02&{WIDE}"
    three = "featsnet@pts12+pts22+ynorm+yrange=samples?epochs=90&lr=0.01"
    net = get_learner(three).set_params(regressor__model__y_range=(-2.8742, 3.2316))  # from x and y together
    found.append(Rerun("featsnet", "FeatsNet2.1122", last, two, remark=f"{wrong}, lr 2e-2"))
    named = f"{three}, one for x and y"
    return [*found, Rerun("featsnet", "FeatsNet3.1222", f"y_norm=True | {last}", named, net, remark=wrong)]


def _tabulars() -> list[Rerun]:
    found, both = [], (True, False)
    for epochs, y_norm, x_norm, x_cols in product((10, 40), both, both, ("restrict", "pts", "all")):
        details = f"x={x_cols} y_norm={y_norm} x_norm={x_norm} epochs={epochs}"
        name = f"fastai-tabular{'+xnorm' * x_norm}{'+ynorm' * y_norm}?epochs={epochs}, old layers"
        learner = on_scaled(OldFastai(epochs=epochs, normalize=x_norm), y_norm)
        # Normalize, or else batch normalisation, divides columns that are constant in training by almost nothing
        remark = "unseeded, random split" + "; constant pixels explode; discarded in 2020" * (x_cols == "all")
        found.append(Rerun("tabular", "fastTab1.2", details, name, learner, x_cols, remark))
    # the first table of its kind was made like one cell of the grid
    same = next(r for r in found if r.details == "x=restrict y_norm=True x_norm=True epochs=40")
    return [replace(same, model="fastai.Tabular 1.1", details=TABULAR1), *found]


def _resnets() -> list[Rerun]:
    # fine_tune(90) was one-cycle with a peak of 2e-3; the sigmoid ended at -0.5 and 0.5 for center
    name = "fastai-vision?epochs=90&schedule=one-cycle&lr=0.002&y_range="
    remark = "pretrained in 2020, random init here; fine_tune, not fit"
    make = partial(Rerun, "resnet", "ResNet18", "90 fit epochs", remark=remark)
    return [make(f"{name}0x28", target="topleft"), make(f"{name}7x21", target="center")]


def reruns(groups: Iterable[str] = GROUPS) -> list[Rerun]:
    """All models of 2020, those of `groups`."""
    return [r for r in (*_images(), *_featsnets(), *_tabulars(), *_resnets()) if r.group in set(groups)]


def rows_of(rerun: Rerun) -> pd.DataFrame:
    """What was recorded of a model."""
    table = recorded()
    same = (table["model"] == rerun.model) & (table["details"] == rerun.details)
    return table[same & table["target"].str.startswith(rerun.target)]


def run(chosen: Sequence[Rerun], seeds: int, jobs: int) -> Runs:
    """Make the runs, those of one task at a time."""
    todo: dict[tuple[str, str], dict[str, BaseEstimator]] = {}
    for rerun in chosen:
        learner = get_learner(rerun.name) if rerun.learner is None else rerun.learner
        for target in rows_of(rerun)["target"].unique():
            todo.setdefault((rerun.x_cols, str(target)), {})[rerun.name] = learner
    found: Runs = {}
    with progress() as bar:
        bar.start(seeds * sum(len(learners) for learners in todo.values()))
        for (x_cols, target), learners in todo.items():
            pairs = list(learners.items())
            for made in bench(task_of(x_cols, target), pairs, seeds=seeds, jobs=jobs, on_run=bar.advance):
                found.setdefault((x_cols, target, made.learner), []).append(made)
    return found


@lru_cache
def refit(model: str, target: str) -> dict[str, tuple[Array, Array]]:
    """A model of `EXACT` on the split of 2020: split -> (actual, predicted), (n, 2) as (x, y) in pixels."""
    estimator, x_cols = EXACT[model]
    X, y = columns(x_cols).to_numpy(), get_task(f"pnist/{target}").data().y.to_numpy()
    train, valid = train_test_split(np.arange(len(y)), random_state=0)
    fitted = clone(estimator).fit(X[train], y[train])
    return {"train": (y[train], fitted.predict(X[train])), "valid": (y[valid], fitted.predict(X[valid]))}


def _rightly(model: str, target: str, split: str) -> str:
    """The scrambled figures, put right where that can be done."""
    if model not in EXACT:
        return "scrambled"
    score = metrics.score(*refit(model, target)[split], ["x", "y"], points=(("x", "y"),))
    return f"scrambled, rightly r2 {score['r2']:.4f}, dist {score['dist_avg']:.3f}"


def _number(value: float, metric: str) -> str:
    return f"{value:.1e}" if abs(value) >= 1e3 else f"{value:.{4 if metric == 'r2' else 3}f}"


def _now(runs: Sequence[Run], split: str, metric: str) -> str:
    """Mean ± sd over seeds, and how many failed."""
    good = [run.metrics[split] for run in runs if run.status == "ok"]
    values = [score["mse"] ** 0.5 if metric == "rmse" else score[metric] for score in good]
    found = ([mean(values)] if good else []) + ([stdev(values)] if len(good) > 1 else [])
    failed = f" ({len(runs) - len(good)} failed)" * (len(good) < len(runs))
    return " ± ".join(_number(value, metric) for value in found) + failed


def _line(rerun: Rerun, old: pd.Series, runs: Sequence[Run]) -> dict[str, str]:
    """One recorded row, and today's figures beside it, in pixels."""
    line = {key: old[key] for key in ("model", "details", "target", "split")}
    # of mse alone all was right in 2020, so its root is shown as well
    then = {"r2": old["r2"], "dist_avg": old["dist_avg"] * PX, "rmse": old["mse"] ** 0.5 * PX}
    for metric, value in then.items():
        head, now = metric.removesuffix("_avg"), _now(runs, old["split"], metric)
        line |= {f"{head} 2020": _number(value, metric), f"{head} now": now}
    right = _rightly(rerun.model, old["target"], old["split"]) if old["scrambled"] else ""
    line["learner now"] = f"{rerun.name} on {rerun.x_cols}" if rerun.x_cols else rerun.name
    return line | {"remark": "; ".join(filter(None, (rerun.remark, right)))}


def lines(chosen: Sequence[Rerun], runs: Runs, splits: Sequence[str] = ("valid",)) -> pd.DataFrame:
    """One line a recorded row of these splits."""
    rows = [(r, row) for r in chosen for _, row in rows_of(r).iterrows() if row["split"] in splits]
    return pd.DataFrame(_line(r, row, runs[r.x_cols, row["target"], r.name]) for r, row in rows)


def markdown(table: pd.DataFrame) -> str:
    """A table of Markdown that is also read easily as text."""
    cells = [[str(v).replace("|", "/") for v in row] for row in [table.columns, *table.to_numpy()]]
    widths = [max(len(row[i]) for row in cells) for i in range(table.shape[1])]
    cells.insert(1, ["-" * width for width in widths])
    padded = [[value.ljust(width) for value, width in zip(row, widths, strict=True)] for row in cells]
    return "\n".join(f"| {' | '.join(row)} |" for row in padded)


LEGEND = """\
Distances and rmse are in pixels; 'now' is the mean ± sample sd over seeds, each with its own split. In 2020
r2 and dist of `scrambled` rows were scored on wrongly paired coordinates, and `center` had x and y exchanged,
which changes nothing here. `unseeded`: nobody can repeat it. `old layers`: the order of fastai until 2021."""


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--only", default=",".join(GROUPS[:-1]), help=f"some of {', '.join(GROUPS)}")
    parser.add_argument("--resnet", action="store_true", help="the group resnet as well (six minutes a run)")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 0..N-1 (3)")
    parser.add_argument("--quick", action="store_const", const=1, dest="seeds", help="one seed")
    parser.add_argument("--all", action="store_true", help="the rows of the training side as well")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (2)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to a file as well")
    asked = parser.parse_args(given)
    asked.groups = asked.only.split(",") + ["resnet"] * asked.resnet
    if unknown := set(asked.groups) - set(GROUPS):
        parser.error(f"no group is called {', '.join(sorted(unknown))}; known: {', '.join(GROUPS)}")
    return asked


def main(given: Sequence[str] | None = None) -> None:
    """Run and print."""
    asked = arguments(given)
    chosen = reruns(asked.groups)
    splits = ("valid", "train") if asked.all else ("valid",)
    print(shown := markdown(lines(chosen, run(chosen, asked.seeds, asked.jobs), splits)))
    if asked.markdown:
        how = " ".join(["python benchmarks/recorded.py", *(sys.argv[1:] if given is None else given)])
        where = ", ".join([f"{os.cpu_count()} CPU cores", *(f"{name} {version(name)}" for name in PACKAGES)])
        asked.markdown.write_text(f"# 2020 and now\n\n`{how}` on {where}.\n\n{LEGEND}\n\n{shown}\n", "utf-8")


if __name__ == "__main__":
    main()
