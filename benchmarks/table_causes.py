"""Why nets miss on tables: causes, each measured by itself on five seeds that nothing was chosen on.

    python benchmarks/table_causes.py              # all, some minutes on one core
    python benchmarks/table_causes.py scale        # one of them

What is measured goes to docs/img/tables.json; docs/make_table_pictures.py draws and prints it into docs/tables.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, Ridge

from spoton import evaluate, get_task
from spoton.data import Array
from spoton.layers import hypentropy_step_
from spoton.learners import SpotTable
from table_nets import SEEDS, TUNING, Net, Rows, tuned

TABLE, PIXELS = "columns/perfect", "columns/pixels"
OUT = Path(__file__).parents[1] / "docs" / "img" / "tables.json"
LENGTHS = (3, 30, 300)  # epochs
RATES = {"sgd": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2), "adam": (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2), "descent": ()}
BATCH = 8


@cache
def rows_of(name: str, seed: int) -> Rows:
    """The rows of a task."""
    task = get_task(name)
    data, split = task.data(), task.split(seed)
    X, y = data.X.to_numpy(dtype=np.float64), data.y.to_numpy(dtype=np.float64)
    return Rows(seed, X[split.train], y[split.train], X[split.valid], y[split.valid])


def standardised(part: Rows) -> Rows:
    """Columns and answers by mean and sd of the training rows."""
    mean, sd = part.X.mean(0), part.X.std(0)
    sd = np.where(sd > 0, sd, 1.0)
    y_mean, y_sd = part.y.mean(0), part.y.std(0)
    X, X_valid = ((x - mean) / sd for x in (part.X, part.X_valid))
    return Rows(part.seed, X, (part.y - y_mean) / y_sd, X_valid, (part.y_valid - y_mean) / y_sd)


def one_minus_r2(right: Array, predicted: Array) -> float:
    """The squared error left, as a share of the variance."""
    return float(((right - predicted) ** 2).sum() / ((right - right.mean(0)) ** 2).sum())


def moments(steps: int) -> list[int]:
    """Steps after which is measured: ever farther apart, and after 3, 30 and 300 epochs."""
    per_epoch = steps // LENGTHS[-1]
    spread = np.unique(np.geomspace(1, steps, 50).round().astype(int)).tolist()
    return sorted({*spread, *(length * per_epoch for length in LENGTHS)})


def one_layer(how: str, parts: list[Rows], rates: list[float]) -> dict[str, Any]:
    """Train one linear layer for each part, with its rate; what it is like along the way."""
    x, y, x_valid, y_valid = (
        torch.from_numpy(np.stack([getattr(part, key) for part in parts])) for key in ("X", "y", "X_valid", "y_valid")
    )
    count, rows, columns = x.shape
    w = torch.zeros(count, columns, dtype=x.dtype)
    slow, fast, rate = torch.zeros_like(w), torch.zeros_like(w), torch.tensor(rates, dtype=x.dtype)[:, None]
    per_epoch = rows // BATCH
    orders = {part.seed: np.random.RandomState(part.seed) for part in parts}
    which, when, left, share, kept = torch.arange(count)[:, None], moments(LENGTHS[-1] * per_epoch), [], [], {}
    total = (y_valid - y_valid.mean(1, keepdim=True)).square().sum((1, 2))
    step = 0
    for _ in range(LENGTHS[-1]):
        drawn = {seed: torch.from_numpy(random.permutation(rows)) for seed, random in orders.items()}
        order = torch.stack([drawn[part.seed] for part in parts])
        for begins in range(0, per_epoch * BATCH, BATCH):
            taken = order[:, begins : begins + BATCH]
            some = x[which, taken]
            g = ((some @ w[..., None] - y[which, taken]) * some).mean(1)
            step += 1
            if how == "sgd":
                w -= rate * g
            elif how == "adam":
                slow.lerp_(g, 0.1)
                fast.mul_(0.999).addcmul_(g, g, value=0.001)
                w -= rate / (1 - 0.9**step) * slow / ((fast / (1 - 0.999**step)).sqrt() + 1e-8)
            else:
                hypentropy_step_(w, g)
            if step in when:
                error = (x_valid @ w[..., None] - y_valid).square().sum((1, 2)) / total
                left.append(error.tolist())
                share.append((w[:, -4:].abs().sum(1) / w.abs().sum(1)).tolist())
                if step in [length * per_epoch for length in LENGTHS]:
                    kept[step // per_epoch] = w.clone()
    return {"step": when, "left": np.array(left), "share": np.array(share), "per_epoch": per_epoch, "weights": kept}


def same_step() -> dict[str, Any]:
    """One linear layer on the standardised table, trained in three ways"""
    parts = [standardised(rows_of(TABLE, seed)) for seed in SEEDS]
    inner = [standardised(rows_of(TABLE, seed)).inner() for seed in TUNING]
    found: dict[str, Any] = {}
    for how, rates in RATES.items():
        best = dict.fromkeys(LENGTHS, 1.0)
        if rates:
            tries = one_layer(how, [part for part in inner for _ in rates], list(rates) * len(inner))
            for length in LENGTHS:
                left = tries["left"][tries["step"].index(length * tries["per_epoch"])]
                best[length] = rates[int(np.nan_to_num(left, nan=1e9).reshape(len(inner), -1).mean(axis=0).argmin())]
        chosen = sorted(set(best.values()))
        whole = one_layer(how, [part for part in parts for _ in chosen], chosen * len(parts))
        found[how] = {"step": whole["step"], "lengths": {}}
        for length in LENGTHS:
            columns = np.arange(len(parts)) * len(chosen) + chosen.index(best[length])
            at = whole["step"].index(length * whole["per_epoch"])
            found[how]["lengths"][str(length)] = {
                "rate": best[length],
                "curve": {key: rounded(whole[key][: at + 1, columns].T) for key in ("left", "share")},
                "weights": rounded(whole["weights"][length][columns[0]].numpy()),
            }
        print(f"{how}: {best}", flush=True)
    return {"per_epoch": len(parts[0].X) // BATCH, "how": found}


def rounded(values: Array) -> Any:
    """Four digits, to keep the file small."""
    return [rounded(part) for part in values] if values.ndim > 1 else [float(f"{value:.4g}") for value in values]


def scale() -> dict[str, Any]:
    """Least squares with more columns than rows, by the scale of the four columns"""
    runs: dict[str, list[list[float]]] = {}
    factors = (0.1, 1.0, 10.0, 100.0, 1000.0)
    for seed in SEEDS:
        part = rows_of(TABLE, seed)
        even = standardised(part)
        tables = {"as it is": (part.X, part.X_valid)}
        for factor in factors:
            by = np.ones(part.X.shape[1])
            by[-4:] = factor
            tables[f"{factor:g}"] = (even.X * by, even.X_valid * by)
        for name, (X, X_valid) in tables.items():
            model = LinearRegression().fit(X, part.y[:, 0])
            left = one_minus_r2(part.y_valid[:, 0], model.predict(X_valid))
            sizes = np.abs(model.coef_) * X.std(0)  # as for standardised columns
            runs.setdefault(name, []).append([left, float(sizes[-4:].sum() / sizes.sum())])
    sds = np.std(rows_of(TABLE, SEEDS[0]).X, axis=0)
    return {"sd": [float(np.median(sds[:-4])), float(sds[-1])], "runs": runs}


SCALERS: dict[str, Callable[[Array], Array]] = {
    "sd + 1e-7 (fastai's `Normalize`)": lambda x: x.std(0) + 1e-7,
    "sd, or 1 where it is 0 (`StandardScaler`)": lambda x: np.where(x.std(0) > 0, x.std(0), 1.0),
    "sd, at least a tenth of the median sd": lambda x: np.maximum(x.std(0), np.median(x.std(0)[x.std(0) > 0]) / 10),
}


def scaled(name: str, divisor: Callable[[Array], Array], clip: bool, seed: int) -> Rows:
    """The rows of a task, divided by what `divisor` makes of training; `clip` cuts off at the limits of training."""
    part = rows_of(name, seed)
    mean, scale = part.X.mean(0), divisor(part.X)
    X, X_valid = ((x - mean) / scale for x in (part.X, part.X_valid))
    return replace(part, X=X, X_valid=np.clip(X_valid, X.min(0), X.max(0)) if clip else X_valid)


def constant() -> dict[str, Any]:
    """Pixels that hardly vary, divided by their sd"""
    net = Net(x_scale=False)
    found: dict[str, Any] = {}
    for count in (100, 567):
        name = f"{PIXELS}?train={count}"
        parts = [rows_of(name, seed) for seed in SEEDS]
        rows: dict[str, Any] = {}
        for title, divisor in SCALERS.items():
            for clip in (False, True):
                make = partial(scaled, name, divisor, clip)
                made = [make(seed) for seed in SEEDS]
                rows[title + ", then cut off" * clip] = {
                    "largest": [float(np.abs(part.X_valid).max()) for part in made],
                    "ridge": [
                        1 - one_minus_r2(part.y_valid, Ridge().fit(part.X, part.y).predict(part.X_valid))
                        for part in made
                    ],
                    "net": tuned(make, net),
                }
                print(count, title, clip, rows[title + ", then cut off" * clip], flush=True)
        runs = [evaluate("spottable?epochs=10", name, seed=seed) for seed in SEEDS]
        rows["`spottable`, 10 epochs"] = {"net": [run.metrics["valid"]["r2"] for run in runs]}
        constant = [int((part.X.std(0) == 0).sum()) for part in parts]
        new = [int(((part.X.std(0) == 0) & (part.X_valid.std(0) > 0)).sum()) for part in parts]
        found[str(count)] = {"constant": constant, "constant only in training": new, "rows": rows}
    return found


LEARNERS = ("spottable?epochs=3", "linear", "linear+xnorm", "lasso-cv", "lightgbm")


def learners() -> dict[str, Any]:
    """Learners on the table as it is: what is left of the answer"""
    found: dict[str, Any] = {}
    for name in LEARNERS:
        runs = [evaluate(name, TABLE, seed=seed) for seed in SEEDS]
        found[name] = [1 - run.metrics["valid"]["r2"] for run in runs]
        print(name, found[name], flush=True)
        keep("learners", found)
    return found


JUMP = 0.6
KINDS = {"cosines": SpotTable(members=5), "cosines and ramps": SpotTable(members=10), "forest": RandomForestRegressor()}


def law(x: Array) -> Array:
    """A wave with a jump in it."""
    found: Array = np.sin(2 * np.pi * x) + (x > JUMP)
    return found


def bridged(x: Array, new: Array) -> Array:
    """The law itself, and a straight line between the two rows x that are next to the jump: nobody knows more of it."""
    ends = np.array([x[x <= JUMP].max(), x[x > JUMP].min()])
    return np.where((new > ends[0]) & (new < ends[1]), np.interp(new, ends, law(ends)), law(new))


def jumps() -> dict[str, Any]:
    """A curve that jumps: what is left of it by members without ramps and with them"""
    grid = np.linspace(0.5, 0.7, 401)
    drawn = {seed: np.split(np.random.RandomState(seed).uniform(size=2600), [600]) for seed in SEEDS}
    known = [one_minus_r2(law(new), bridged(x, new)) for x, new in drawn.values()]
    found: dict[str, Any] = {"x": grid.tolist(), "law": law(grid).tolist(), "kinds": {}, "bridged": known}
    for name, kind in KINDS.items():
        models = {seed: clone(kind).set_params(random_state=seed) for seed in SEEDS}
        left = [
            one_minus_r2(law(new), models[seed].fit(x[:, None], law(x)).predict(new[:, None]))
            for seed, (x, new) in drawn.items()
        ]
        curve = models[SEEDS[0]].predict(grid[:, None]).round(4).tolist()
        found["kinds"][name] = {"left": left, "curve": curve}
        print(name, left, flush=True)
    return found


def keep(name: str, part: Any) -> None:
    """Write one part of the file anew."""
    found = json.loads(OUT.read_text("utf-8")) if OUT.exists() else {}
    found[name] = part
    OUT.write_text(json.dumps(found) + "\n", "utf-8")


CAUSES: dict[str, Callable[[], Any]] = {
    "learners": learners,
    "same_step": same_step,
    "scale": scale,
    "constant": constant,
    "jumps": jumps,
}


def main() -> None:
    """Measure what is asked for, and keep the rest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("causes", nargs="*", help=f"some of {', '.join(CAUSES)}; all by default")
    asked = parser.parse_args().causes
    if unknown := set(asked) - set(CAUSES):
        parser.error(f"no cause is called {', '.join(sorted(unknown))}; known: {', '.join(CAUSES)}")
    torch.set_num_threads(1)
    for name in asked or CAUSES:
        keep(name, CAUSES[name]())
        print(name, "measured", flush=True)


if __name__ == "__main__":
    main()
