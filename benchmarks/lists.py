"""The question of 2020: who learns the argmax, the maximum and the order of a list, also of longer lists?

    python benchmarks/lists.py --tune                                 # what SETTINGS below was chosen by
    python benchmarks/lists.py --markdown benchmarks/lists.md         # the tables

Learners are trained on 1,600 lists of 1 to 8 whole numbers from 0 to 999, in a table of 128 columns, and scored on
lists of exactly 8, 16, 32 and 128 numbers (1,000 each). Seeds 100 to 104 and those lists choose nothing: settings come
from the validation side of seed 0, eight trials a peer and task, drawn from GRIDS. `ordernet` is used as it is: what it
has was chosen on other seeds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from spoton import get_learner, get_task
from spoton.cli._progress import progress
from spoton.data import Array
from spoton.learners import count_parameters

MEMBERS = ("argmax", "max", "sort")
LENGTHS = (8, 16, 32, 128)
SEEDS, TUNING_SEED, TRIALS = range(100, 105), 0, 8
WHOLE, TIES, REAL = "highest=999", "highest=999&ties=0.5", "numbers=real&ties=0.5"
SOFT = "ordernet, soft in evaluation too"
LIMIT = {WHOLE: 1000, TIES: 1000, REAL: 1}

# what the eight trials of each learner are drawn from
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "knn": {"n_neighbors": (1, 3, 5, 10), "weights": ("uniform", "distance")},
    "forest": {"min_samples_leaf": (1, 3), "max_features": (1.0, 0.5), "max_depth": (8, 100)},
    "mlp+xnorm+ynorm": {
        "hidden_layer_sizes": ("100", "200x200", "400x400"),
        "learning_rate_init": (1e-3, 3e-3, 1e-2),
        "alpha": (1e-4, 1e-2),
        "max_iter": (200, 500),
    },
    "basenet+xnorm+ynorm+yrange=none": {
        "hidden": (64, 256, 512),
        "mid": (0, 64, 256),
        "lr": (1e-3, 3e-3, 1e-2),
        "epochs": (50, 150),
        "schedule": ("one-cycle",),
        "relu": ("true",),
    },
    "deepsets+ynorm": {
        "hidden": (64, 128),
        "pool": ("mean", "max", "sum"),
        "lr": (1e-3, 3e-3, 1e-2),
        "epochs": (30, 60),
    },
    "pointernet": {"width": (32, 64), "depth": (1, 2), "lr": (1e-3, 3e-3, 1e-2), "epochs": (10, 20)},
}
# chosen by --tune
SETTINGS: dict[str, dict[str, str]] = {
    "argmax": {
        "knn": "knn?n_neighbors=1&weights=distance",
        "forest": "forest?min_samples_leaf=1&max_features=1.0&max_depth=100",
        "mlp+xnorm+ynorm": (
            "mlp+xnorm+ynorm?hidden_layer_sizes=200x200&learning_rate_init=0.01&alpha=0.0001&max_iter=200"
        ),
        "basenet+xnorm+ynorm+yrange=none": (
            "basenet+xnorm+ynorm+yrange=none?hidden=512&mid=256&lr=0.01&epochs=150&schedule=one-cycle&relu=true"
        ),
        "deepsets+ynorm": "deepsets+ynorm?hidden=64&pool=max&lr=0.01&epochs=30",
        "pointernet": "pointernet?width=64&depth=2&lr=0.003&epochs=10",
    },
    "max": {
        "knn": "knn?n_neighbors=5&weights=distance",
        "forest": "forest?min_samples_leaf=1&max_features=1.0&max_depth=100",
        "mlp+xnorm+ynorm": ("mlp+xnorm+ynorm?hidden_layer_sizes=100&learning_rate_init=0.001&alpha=0.01&max_iter=200"),
        "basenet+xnorm+ynorm+yrange=none": (
            "basenet+xnorm+ynorm+yrange=none?hidden=512&mid=256&lr=0.01&epochs=150&schedule=one-cycle&relu=true"
        ),
        "deepsets+ynorm": "deepsets+ynorm?hidden=64&pool=max&lr=0.01&epochs=30",
        "pointernet": "pointernet?width=32&depth=2&lr=0.01&epochs=20",
    },
    "sort": {
        "knn": "knn?n_neighbors=10&weights=distance",
        "forest": "forest?min_samples_leaf=1&max_features=0.5&max_depth=100",
        "mlp+xnorm+ynorm": (
            "mlp+xnorm+ynorm?hidden_layer_sizes=200x200&learning_rate_init=0.01&alpha=0.01&max_iter=200"
        ),
        "basenet+xnorm+ynorm+yrange=none": (
            "basenet+xnorm+ynorm+yrange=none?hidden=512&mid=256&lr=0.01&epochs=150&schedule=one-cycle&relu=true"
        ),
        "deepsets+ynorm": "deepsets+ynorm?hidden=128&pool=mean&lr=0.01&epochs=30",
        "pointernet": "pointernet?width=32&depth=2&lr=0.01&epochs=20",
    },
}
# these see numbers from 0 to 1 and padding of -1; the others scale by themselves or do not mind
SCALED = ("mlp", "basenet")
SHARING = ("deepsets", "pointernet")


def learner_of(name: str, variant: str, seed: int) -> BaseEstimator:
    """The estimator, seeded, behind a division by the limit of the numbers where it needs one."""
    learner = get_learner(name)
    if name.startswith(SCALED):
        divide = FunctionTransformer(partial(np.multiply, 1 / LIMIT[variant]))
        learner.set_params(regressor=make_pipeline(divide, learner.regressor))
    learner.set_params(**{key: seed for key in learner.get_params() if key.split("__")[-1] == "random_state"})
    return learner


def fitted(name: str, task_name: str, variant: str, seed: int) -> tuple[BaseEstimator, float, Any]:
    """The learner, trained on the training side of (task, seed), its seconds, and the validation side."""
    task = get_task(task_name)
    data, split = task.data(), task.split(seed)
    train = data.take(split.train)
    y = train.y.to_numpy(dtype=np.float64)
    learner = learner_of(name, variant, seed)
    start = time.perf_counter()
    learner.fit(train.X, y.ravel() if y.shape[1] == 1 else y)
    return learner, time.perf_counter() - start, data.take(split.valid)


def score(learner: BaseEstimator, X: pd.DataFrame, y: Array, whole: bool) -> tuple[float, float]:
    """Share of lists answered exactly (whole numbers after rounding), and the mean absolute error."""
    predicted = np.asarray(learner.predict(X), dtype=np.float64).reshape(len(y), -1)
    answered = np.floor(predicted + 0.5) if whole else predicted
    return float((answered == y).all(axis=1).mean()), float(np.abs(predicted - y).mean())


def lists_of(member: str, variant: str, length: int, columns: int) -> tuple[pd.DataFrame, Array]:
    """1,000 lists of exactly so many numbers, in a table of so many columns, and their answers."""
    test = get_task(f"lists/{member}?{variant}&length={length - 1}&longest={length}").test()
    names = [f"x{i}" for i in range(columns)]
    X = test.X.reindex(columns=names, fill_value=-float(LIMIT[variant]))
    y = test.y.to_numpy()
    if member == "sort":
        y = np.pad(y, ((0, 0), (0, columns - length)), constant_values=-LIMIT[variant])
    return X, y


def named(name: str, settings: dict[str, Any]) -> str:
    """The learner's name with its settings."""
    return f"{name}?{'&'.join(f'{key}={value}' for key, value in settings.items())}" if settings else name


def tune(member: str, name: str) -> tuple[str, float, float]:
    """The best of eight settings by validation hit, then by the mean absolute error."""
    grid = GRIDS[name]
    every = list(itertools.product(*grid.values()))
    drawn = np.random.RandomState(TUNING_SEED).permutation(len(every))[:TRIALS]
    tried = []
    for i in drawn:
        candidate = named(name, dict(zip(grid, every[i], strict=True)))
        # nets that share weights among the columns do not need all of them to be tuned
        columns = 16 if name.startswith(SHARING) else LENGTHS[-1]
        learner, _, valid = fitted(candidate, f"lists/{member}?{WHOLE}&longest={columns}", WHOLE, TUNING_SEED)
        hit, mae = score(learner, valid.X, valid.y.to_numpy(), True)
        tried.append((candidate, hit, mae))
    return min(tried, key=lambda one: (-one[1], one[2]))


def measured(name: str, member: str, variant: str, seed: int) -> dict[str, Any]:
    """One fit, scored on lists of each length; `ordernet` also with comparisons that stay soft.

    Args:
        name: the learner.
        member: of `lists`.
        variant: options of the task.
        seed: of the split and the learner.
    """
    columns, whole = LENGTHS[-1], member == "argmax" or variant != REAL
    learner, took, _ = fitted(name, f"lists/{member}?{variant}&longest={columns}", variant, seed)
    tests = [lists_of(member, variant, length, columns) for length in LENGTHS]
    found = {}
    for soft in (False, True) if name.startswith("ordernet") else (False,):
        if name.startswith("ordernet"):
            learner.module_.hard = not soft
        found["soft" if soft else "as it is"] = [score(learner, X, y, whole) for X, y in tests]
    return {"seconds": round(took, 2), "parameters": count_parameters(learner), "found": found}


def line_of(label: str, runs: list[dict[str, Any]], how: str = "as it is") -> str:
    """Of a table: hit and mean absolute error on each length, mean and spread over seeds."""
    found = np.array([run["found"][how] for run in runs])
    hit, mae = 100 * found[..., 0], found[..., 1]
    cells = [f"{share(hit[:, i])} ({mae[:, i].mean():.3g})" for i in range(len(LENGTHS))]
    seconds = np.mean([run["seconds"] for run in runs])
    return f"| {label} | {' | '.join(cells)} | {runs[0]['parameters'] or '-'} | {seconds:.1f} |"


def share(percent: Array) -> str:
    """Mean and spread; one figure where all seeds agree."""
    if (percent == percent[0]).all():
        return f"{percent[0]:g}"
    return f"{percent.mean():.2f} ± {percent.std(ddof=1):.2f}"


ABOUT = (
    "Share of lists answered exactly in %, mean and spread over seeds 100 to 104 (one figure where all agree), and the "
    "mean absolute error. Trained on 1,600 lists of 1 to 8 numbers."
)
HEAD = (
    "| learner | "
    + " | ".join(f"{length} numbers" for length in LENGTHS)
    + " | parameters | fit s |\n|---|"
    + "---|" * (len(LENGTHS) + 2)
)


def learners_for(member: str) -> dict[str, str]:
    """Labels and names, with the settings chosen for that task."""
    tuned = {name.partition("+")[0]: SETTINGS[member].get(name, name) for name in GRIDS}
    return {"mean": "mean", "linear": "linear", **tuned, "ordernet": "ordernet"}


def on_one_thread(call: Callable[..., Any], *arguments: Any) -> Any:
    """What it answers."""
    import torch

    torch.set_num_threads(1)
    threadpool_limits(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    return call(*arguments)


def parallel(jobs: int, call: Callable[..., Any], asked: list[Any]) -> Iterator[Any]:
    """The answers in order, each said to be there; so many processes."""
    answers = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(on_one_thread)(call, *arguments) for arguments in asked
    )
    with progress() as bar:
        for arguments, answer in zip(asked, answers, strict=True):
            bar.say(f"{' '.join(map(str, arguments))}: {answer['seconds'] if 'seconds' in answer else answer[-1]}")
            yield answer


def resumed(journal: Path, jobs: int, asked: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], Any]:
    """The run of each (learner, member, variant, seed); what is in the journal is not made again."""
    known = [json.loads(line) for line in journal.read_text("utf-8").splitlines()] if journal.exists() else []
    runs = {tuple(run.pop("cell")): run for run in known}
    left = [cell for cell in asked if cell not in runs]
    for cell, run in zip(left, parallel(jobs, measured, left), strict=True):
        runs[cell] = run
        with journal.open("a", encoding="utf-8") as lines:
            print(json.dumps({"cell": cell, **run}), file=lines)
    return runs


def main() -> None:
    """Tune, or print the tables and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tune", action="store_true", help="eight trials a learner and task")
    parser.add_argument("--member", choices=MEMBERS, action="append", help="these tasks only")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--journal", type=Path, default=Path(__file__).parent / "lists-runs.jsonl")
    parser.add_argument("--note", default="", help="a sentence about the machine, for the file")
    options = parser.parse_args()
    import torch

    members = options.member or MEMBERS
    if options.tune:
        pairs = list(itertools.product(members, GRIDS))
        for (member, name), (best, hit, mae) in zip(pairs, parallel(options.jobs, tune, pairs), strict=True):
            print(f"{member} {name}: {best} ({100 * hit:.1f} %, {mae:.4g})", flush=True)
        return
    wanted = [(name, member, WHOLE) for member in members for name in learners_for(member).values()]
    wanted += [("ordernet", *pair) for pair in itertools.product(members, (TIES, REAL))]
    runs = resumed(options.journal, options.jobs, [(*cell, seed) for cell in wanted for seed in SEEDS])
    cells = {cell: [runs[*cell, seed] for seed in SEEDS] for cell in wanted}
    parts: list[str] = []
    for member in members:
        lines = [f"## lists/{member}?{WHOLE}&longest={LENGTHS[-1]}", "", HEAD]
        lines += [line_of(label, cells[name, member, WHOLE]) for label, name in learners_for(member).items()]
        lines.append(line_of(SOFT, cells["ordernet", member, WHOLE], "soft"))
        names = ", ".join(f"`{name}`" for name in list(learners_for(member).values())[2:-1])
        parts.append("\n".join([*lines, "", f"Settings: {names}; `ordernet` as it is."]))
    lines = ["## Equal numbers, and real ones, by `ordernet`", "", HEAD.replace("learner", "task")]
    for member, variant in itertools.product(members, (TIES, REAL)):
        lines.append(line_of(f"`lists/{member}?{variant}`", cells["ordernet", member, variant]))
    parts.append("\n".join(lines))
    text = "\n\n".join(parts)
    if options.markdown:
        command = " ".join(["python", *sys.argv])
        head = f"# Lists\n\n`{command}`, torch {torch.__version__}, one thread of a CPU a fit. {options.note}".rstrip()
        head += f"\n\n{ABOUT}\n\n"
        options.markdown.write_text(head + text + "\n")


if __name__ == "__main__":
    main()
