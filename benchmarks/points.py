"""Nets on exact points: what is claimed of them, measured on seeds and images that nothing was chosen on.

    SPOTON_DATA=path/to/mnist.npz python benchmarks/points.py                 # all sections, hours; resumes
    SPOTON_DATA=path/to/mnist.npz python benchmarks/points.py seed size noise # some of them

Seeds 100 to 104 were never used to choose anything, and MNIST's 10,000 test images neither; without SPOTON_DATA, MNIST
is downloaded through torchvision. Each section replaces its own part of `points.md`. The peers' settings are those of
`tuned.json` (see tune_points.py): the same number of trials for each, on a part of the training data.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any, cast

import torch
from torch import Tensor, nn

from points_tables import Bench, average, curves, each, of, replace_section, seconds, settings, table, tuned
from spoton import Task, get_task
from spoton.data import PointData
from spoton.learners import TorchRegressor
from spoton.nets._gatedspot import classifier_body
from spoton.tasks import _pnist
from spoton.tasks._task import Loaded

HERE = Path(__file__).parent
OUT = HERE / "points.md"
INTRO = "# Exact points\n\nHit: share of images whose points are all exact. Means of 5 seeds, with extremes.\n"
MEMBERS = ("topleft", "center", "corner", "box")
TESTED = "data=mnist&digits=all"
PEERS_ON = ("topleft", "box")  # large nets take hours on all four
AUGMENTED = (
    "Not all is equal: in training gatedspot shifts, turns and scales the image at random before its classifier "
    "(`Jitter`), as a part of the net; its scans see the image as it is. The other nets have no augmentation."
)


def loaded(train: str, test: str) -> Loaded:
    """The rows of one task, and the test set of another, which alone is made: at 112 x 112 all of MNIST fills 14 GB."""
    member, digits, source, look, ynoise = cast(Any, get_task(test).load).args
    return Loaded(
        get_task(train).data(), _pnist.dressed(member, _pnist.load_digits(digits, source)[1], look, ynoise, "test")
    )


def tested_on(train: str, test: str) -> Task:
    """The task `train`, scored besides on MNIST's test images as the task `test` has them."""
    task = get_task(train)
    return Task(f"{train}, tested on {test}", task.about, partial(loaded, train, test), task.kind, task.whole)


def seed_set(run: Bench) -> str:
    """spotnet from the 567 training images of 3 and 7"""
    tasks = [tested_on(f"pnist/{member}", f"pnist/{member}?{TESTED}") for member in MEMBERS]
    learners = ["spotnet", "spotnet?optimizer=sgd&lr=0.1"]
    runs = run(tasks, learners)
    rows = []
    for learner in learners:
        for member, task in zip(MEMBERS, tasks, strict=True):
            found = of(runs, task=task.name, learner=learner)
            sides = each(found, "valid"), each(found, "test"), average(found, "test", 3)
            rows.append((f"`{learner}`", member, *sides, seconds(found), found[0].parameters))
    how = "By AdamW, the default, and by stochastic gradient descent with momentum, its lr chosen on seeds 10 and 11."
    head = "net | task | valid hit %, each seed | hit % of 10,000 of all digits, each seed | mean | fit s | parameters"
    return f"{how}\n\n{table(head, rows)}"


def large(run: Bench) -> str:
    """spotnet from 5,000 images of all digits, 3 epochs"""
    names = [f"pnist/{member}?{TESTED}&train=5000" for member in MEMBERS]
    runs = run(names, ["spotnet?epochs=3"])
    rows = []
    for name in names:
        found = of(runs, task=get_task(name).name)
        rows.append((name, each(found, "test"), average(found, "test", 3), seconds(found)))
    return table("task | hit % of 10,000 test images, each seed | mean | fit s", rows)


def size(run: Bench) -> str:
    """spotnet trained at 28 x 28, digits on larger canvases, without retraining"""
    rows = []
    for pixels in (28, 56, 112):
        # a canvas of its own size for training keeps the splits; shift moves the digits all over the larger one
        placed = "" if pixels == 28 else f"&size={pixels}&shift={(pixels - 20) // 2}"
        tasks = [tested_on(f"pnist/{member}", f"pnist/{member}?{TESTED}{placed}") for member in MEMBERS]
        runs = run(tasks, ["spotnet"])
        rows.append((f"{pixels} x {pixels}", *(average(of(runs, task=task.name), "test", 3) for task in tasks)))
    return table("test images | " + " | ".join(MEMBERS), rows)


def noise(run: Bench) -> str:
    """spotnet on noisy images, 10 epochs"""
    rows = []
    for noisy in ("specks=0.02", "haze=40"):
        for count in (567, 5000):
            names = [f"pnist/{member}?{TESTED}&{noisy}&train={count}" for member in MEMBERS]
            runs = run(names, ["spotnet"])
            hits = [average(of(runs, task=get_task(name).name), "test") for name in names]
            rows.append((noisy, count, *hits, seconds(runs)))
    return table("noise | images | " + " | ".join(MEMBERS) + " | fit s", rows)


class ClassNLL(nn.Module):
    """Cross-entropy for classes that come as numbers (B, 1)."""

    def forward(self, logits: Tensor, y: Tensor) -> Tensor:
        """The loss."""
        return nn.functional.cross_entropy(logits, y[:, 0].long())


class Classifier(nn.Module):
    """The convolutions of gatedspot, told the digits: what can be had of a net of this size."""

    criterion = ClassNLL

    def __init__(self, in_shape: tuple[int, ...] = (1, 28, 28), n_out: int = 1, *, y_range: object = None) -> None:
        super().__init__()
        self.layers = nn.Sequential(classifier_body(in_shape[0], 16), nn.Linear(256, 10))

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the ten digits."""
        out: Tensor = self.layers(x)
        return out

    def decode(self, logits: Tensor) -> Tensor:
        """The digit, (B, 1)."""
        return logits.argmax(-1, keepdim=True)


def digits_of(name: str) -> Loaded:
    """The same images, and their digit for an answer."""
    task = get_task(name)
    parts = [task.data(), task.test()]
    return Loaded(*(None if part is None else labelled(part) for part in parts))  # type: ignore[arg-type]


def labelled(part: PointData) -> PointData:
    """Labels as the answer."""
    import pandas as pd

    return replace(part, y=pd.DataFrame({"digit": part.labels}, dtype=float), points=(), labels=None)


def conditional(run: Bench) -> str:
    """gatedspot, no digit labels, beside a classifier of the same size that is told them"""
    rows = []
    for name, epochs in (
        ("qnist/if37?data=mnist&train=567", 20),
        ("qnist/all?data=mnist&train=5000", 20),
        ("qnist/all?data=mnist&train=48000", 5),
    ):
        task = Task(
            f"digit of {name}", "the digit", partial(digits_of, name), "number", True, train=get_task(name).train
        )
        recipe = {"epochs": epochs, "lr": 0.01, "schedule": "one-cycle", "batch_size": 32, "beta2": 0.99}
        told = run([task], [("classifier", TorchRegressor(net=Classifier, y_range="none", **recipe))])
        found = run([name], [f"gatedspot?epochs={epochs}"])
        for who, runs in (("gatedspot", found), ("classifier, told the digits", told)):
            sides = each(runs, "valid"), each(runs, "test"), average(runs, "test")
            rows.append((name, who, epochs, *sides, seconds(runs), runs[0].parameters))
    return table(
        "task | net | epochs | valid hit %, each seed | test hit %, each seed | mean | fit s | parameters", rows
    )


def peers(run: Bench) -> str:
    """All nets from the 567 images, with tuned settings"""
    told = tuned()
    best = settings("pnist/topleft")
    tasks = [tested_on(f"pnist/{member}", f"pnist/{member}?{TESTED}") for member in PEERS_ON]
    runs = run(tasks, list(best.values()))
    rows = []
    for name in best.values():
        found = [of(runs, task=task.name, learner=name) for task in tasks]
        hits = [average(part, side, 1) for part in found for side in ("valid", "test")]
        rows.append((f"`{name}`", *hits, seconds(found[0]), found[0][0].parameters))
    rows.sort(key=lambda row: -float(str(row[1]).partition(" ")[0]))
    text = f"{told['trials']} trials each on pnist/topleft, {told['passes']} passes over the data.\n\n"
    sides = " | ".join(f"{member} valid | {member} 10,000" for member in PEERS_ON)
    return text + table(f"net with its settings | {sides} | fit s | parameters", rows) + f"\n\n{AUGMENTED}"


def channels(run: Bench) -> str:
    """The channels of LogScan, with and without, on qnist/if37"""
    # resnet18 twice: both arms with the settings of tuned.json, and each with those of its recipe
    tuned_ = "+ynorm+yrange=none?epochs=20&batch_size=16&lr=0.00267&schedule=one-cycle"
    pairs = (
        ("logscan", "logscan?scan=false"),
        (f"resnet18-logscan{tuned_}", f"resnet18{tuned_}"),
        ("resnet18-logscan?epochs=20", "resnet18+yrange=extremes?epochs=20&lr=0.002&schedule=one-cycle"),
    )
    rows = []
    for with_, without in pairs:
        runs = run(["qnist/if37"], [with_, without])
        hits = [average(of(runs, learner=name), "valid", 1) for name in (with_, without)]
        rows.append((f"`{with_}`", hits[0], f"`{without}`", hits[1]))
    return table("with | valid hit % | without | valid hit %", rows)


def curve(run: Bench) -> str:
    """Hits by number of training images, pnist/topleft"""
    sizes = (25, 50, 100, 200, 567)
    best = {**settings("pnist/topleft"), "linear@pts": "linear@pts"}
    runs = run(["pnist/topleft"], list(best.values()), train_sizes=sizes)
    points = {
        learner: [
            mean(part.metrics.get("valid", {}).get("hit", 0.0) for part in of(runs, learner=name, asked_train_size=n))
            for n in sizes
        ]
        for learner, name in best.items()
    }
    curves(sizes, points, HERE / "points-curve.svg")
    rows = [
        (learner, *(f"{100 * hit:.1f}" for hit in hits))
        for learner, hits in sorted(points.items(), key=lambda p: -sum(p[1]))
    ]
    return "![hit by number of training images](points-curve.svg)\n\n" + table(
        "net | " + " | ".join(map(str, sizes)), rows
    )


SECTIONS: dict[str, Callable[[Bench], str]] = {
    "seed": seed_set,
    "large": large,
    "size": size,
    "noise": noise,
    "conditional": conditional,
    "peers": peers,
    "channels": channels,
    "curve": curve,
}


def main() -> None:
    """Run the sections and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", help=f"some of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--journal", type=Path, default=HERE / "points-runs.jsonl")
    asked = parser.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"no section is called {', '.join(sorted(unknown))}; known: {', '.join(SECTIONS)}")
    for name in asked.sections or SECTIONS:
        section = SECTIONS[name]
        title = (section.__doc__ or name).strip()
        command = f"`python benchmarks/points.py {name}`, torch {torch.__version__}, one thread of a CPU a fit."
        text = f"{command}\n\n{section(Bench(asked.jobs, asked.journal))}"
        replace_section(OUT, INTRO, title, text, [(part.__doc__ or "").strip() for part in SECTIONS.values()])
        print(f"## {title}\n\n{text}\n", flush=True)


if __name__ == "__main__":
    main()
