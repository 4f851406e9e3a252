"""Settings of every net on exact points: the same number of trials for each, scored on a part of the training data.

    python benchmarks/tune_points.py --jobs 2                     # writes benchmarks/tuned.json; hours
    python benchmarks/tune_points.py --learners simcc,stn --tasks pnist/topleft

Each learner gets the same passes over the data and the same number of trials: its own defaults, and random draws from
its own space. A trial is trained on four fifths of the training rows of a split and scored on the last fifth, by hits,
then by distance. The best few are repeated on more splits, and the best mean wins. Validation rows of those splits and
test images are never looked at. Finished runs are in the journal: start again after an interruption, and it goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

from scipy.stats import loguniform
from sklearn.model_selection import ParameterSampler

from spoton import Run, Task, bench, get_task
from spoton.learners import learner_names
from spoton.tasks._task import Loaded

HERE = Path(__file__).parent
TASKS = ("pnist/topleft", "qnist/if37", "pnist/box")
SEEDS = (0, 1, 2)  # the first for all trials, the others for the finalists

STEPS = {"batch_size": [8, 16, 32], "schedule": ["one-cycle", "flat"]}
CONV = STEPS | {"lr": loguniform(1e-3, 3e-2)}
# limits of a sigmoid head, or standardised answers without one
NUMBERS = {"+": ["", "+ynorm+yrange=none"]}
RESNET = STEPS | NUMBERS | {"lr": loguniform(3e-4, 1e-2)}
# settings that belong together are drawn together
HEATMAP = CONV | {"width": [8, 12], "loss,sigma": [("nll", 0), ("nll", 0.5), ("nll", 1), ("mse", 1), ("mse", 2)]}

SPACES: dict[str, Mapping[str, Any]] = {
    "spotnet": STEPS | {"lr": loguniform(0.05, 1)},
    "gatedspot": STEPS | {"lr": loguniform(2e-3, 5e-2), "width": [8, 16]},
    "logscan": STEPS | {"lr": loguniform(0.03, 1), "sigma": [0, 0.5]},
    "simcc": CONV | {"width": [16, 24], "split": [1, 2], "sigma": [0, 0.5, 1, 2]},
    "stn": CONV | {"lr": loguniform(3e-4, 1e-2), "width": [16, 32]},
    "keypoint-head": CONV | {"width": [16, 24], "depth": [3, 4]},
    "coordconv": CONV | NUMBERS | {"width": [16, 24], "depth": [3, 4]},
    "vit-small": STEPS
    | NUMBERS
    | {"lr": loguniform(3e-4, 5e-3), "patch": [4, 7], "width": [64, 96], "weight_decay": [0, 0.05]},
    "unet-heatmap": HEATMAP,
    "unet-dsnt": CONV | {"width": [8, 12], "weight": [0.3, 1, 3], "sigma": [0.5, 1, 2]},
    "unet-logscan": HEATMAP,
    "resnet18-logscan": RESNET,
    "resnet18": RESNET,
}


def named(learner: str, settings: Mapping[str, Any], passes: int) -> str:
    """The learner's name with these settings, as `get_learner` takes it."""
    parts = {"epochs": str(passes)}
    for key, value in settings.items():
        if key != "+":
            values = value if isinstance(value, tuple) else (value,)
            parts |= {
                k: f"{v:.3g}" if isinstance(v, float) else str(v) for k, v in zip(key.split(","), values, strict=True)
            }
    return f"{learner}{settings.get('+', '')}?" + "&".join(f"{k}={v}" for k, v in parts.items())


def trials(learner: str, count: int, passes: int) -> list[str]:
    """`count` different settings: the learner's own, then random ones, the same every time."""
    # more are drawn than needed: rounding and small spaces give some twice
    drawn = ParameterSampler(SPACES[learner], 4 * count, random_state=0)
    names = [named(learner, {}, passes), *(named(learner, settings, passes) for settings in drawn)]
    return list(dict.fromkeys(names))[:count]


def load(task: str, seed: int) -> Loaded:
    """The training rows of a split, and nothing else."""
    whole = get_task(task)
    return Loaded(whole.data().take(whole.split(seed).train))


def inner(task: str, seed: int) -> Task:
    """A task of those rows, which splits them once more."""
    whole = get_task(task)
    about = f"the training rows of seed {seed}"
    return Task(f"{task}: {about}", about, partial(load, task, seed), whole.kind, whole.whole)


def score(runs: Iterable[Run]) -> tuple[float, float]:
    """Mean hit and minus mean distance; a run that failed hits nothing."""
    sides = [run.metrics.get("valid", {}) for run in runs]
    return mean(side.get("hit", 0.0) for side in sides), -mean(side.get("dist_avg", 99.0) for side in sides)


def tune(task: str, learner: str, asked: argparse.Namespace) -> dict[str, list[Run]]:
    """All trials of a learner on a task: name -> a run a seed, of finalists on all seeds."""
    names = trials(learner, asked.trials, asked.passes)
    found: dict[str, list[Run]] = {name: [] for name in names}
    for seed in SEEDS:
        if seed == SEEDS[1]:
            names = sorted(found, key=lambda name: score(found[name]), reverse=True)[: asked.finalists]
        given = {"seeds": [seed], "jobs": asked.jobs, "journal": asked.journal, "resume": True, "on_run": say}
        for run in bench(inner(task, seed), names, **given):
            found[run.learner].append(run)
    return found


def say(run: Run) -> None:
    """One line a finished run."""
    what = f"hit {run.metrics['valid']['hit']:.3f}" if run.status == "ok" else run.reason
    print(f"{run.task}: {run.learner}: {what}, {run.fit_seconds or 0:.0f} s", file=sys.stderr, flush=True)


def summary(found: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    """The best settings of a learner with their figures, and what every trial gave."""
    finalists = {name: runs for name, runs in found.items() if len(runs) == len(SEEDS)}
    best = max(finalists, key=lambda name: score(finalists[name]))
    hit, dist = score(found[best])
    return {
        "best": best,
        "hit": round(hit, 4),
        "hits": [round(score([run])[0], 4) for run in found[best]],
        "dist_avg": round(-dist, 4),
        "parameters": found[best][0].parameters,
        "trials": {name: [round(score([run])[0], 4) for run in runs] for name, runs in found.items()},
    }


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    known = [learner for learner in SPACES if learner in learner_names()]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--learners", default=",".join(known))
    parser.add_argument("--trials", type=int, default=8, help="settings for each learner (8)")
    parser.add_argument("--finalists", type=int, default=2, help="how many are repeated on two more splits (2)")
    parser.add_argument("--passes", type=int, default=20, help="passes over the data in every trial (20)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--journal", type=Path, default=HERE / "spoton-runs.jsonl")
    parser.add_argument("--out", type=Path, default=HERE / "tuned.json")
    asked = parser.parse_args(given)
    asked.tasks, asked.learners = asked.tasks.split(","), asked.learners.split(",")
    if unknown := set(asked.learners) - set(known):
        parser.error(f"no space is known for {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return asked


def main(given: Sequence[str] | None = None) -> None:
    """Tune, and write after each learner; what the file holds of others stays there."""
    asked = arguments(given)
    for task, learner in product(asked.tasks, asked.learners):
        best = summary(tune(task, learner, asked))
        told = json.loads(asked.out.read_text("utf-8")) if asked.out.exists() else {"tasks": {}}
        told |= {"passes": asked.passes, "trials": asked.trials, "finalists": asked.finalists, "seeds": list(SEEDS)}
        told["tasks"].setdefault(task, {})[learner] = best
        asked.out.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
        print(f"{task:15} {learner:17} hit {best['hit']:.3f}  {best['best']}", flush=True)


if __name__ == "__main__":
    main()
