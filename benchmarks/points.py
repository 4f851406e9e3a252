"""spotnet on exact points: trained on the 567 seed images, scored on those held out and on MNIST's 10,000.

    SPOTON_DATA=path/to/mnist.npz python benchmarks/points.py --markdown benchmarks/points.md

Seeds 100 to 104 were never used to choose anything. The test images are of all ten digits, the training images of 3
and 7 only; without SPOTON_DATA, MNIST is downloaded through torchvision.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import mean

import numpy as np

from spoton import get_learner, get_task, metrics
from spoton.cli._progress import progress
from spoton.data import PointData

TASKS = ("topleft", "center", "corner", "box")
SEEDS = range(100, 105)


def hit(learner: object, data: PointData) -> float:
    """Share of exact answers."""
    predicted = np.asarray(learner.predict(data.X)).reshape(len(data), -1)  # type: ignore[attr-defined]
    actual = data.y.to_numpy(dtype=np.float64)
    return metrics.score(actual, predicted, list(data.y.columns), points=data.points, whole=True)["hit"]


def one(name: str, task_name: str, seed: int) -> tuple[float, float, float, int]:
    """Valid hit, hit on the 10,000, seconds of the fit, parameters."""
    task = get_task(f"pnist/{task_name}")
    data, split = task.data(), task.split(seed)
    train = data.take(split.train)
    learner = get_learner(name).set_params(random_state=seed)
    start = time.perf_counter()
    learner.fit(train.X, train.y.to_numpy())
    seconds = time.perf_counter() - start
    test = get_task(f"pnist/{task_name}?data=mnist&digits=all").test()
    if test is None:
        raise SystemExit("MNIST has no test images here; see SPOTON_DATA")
    return hit(learner, data.take(split.valid)), hit(learner, test), seconds, learner.n_parameters_


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learner", default="spotnet")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    get_learner(options.learner).warm_up()
    lines = [
        "| task | valid hit %, each seed | hit % of 10,000 test images, each seed | mean | fit s | parameters |",
        "|---|---|---|---|---|---|",
    ]
    with progress() as bar:
        for task in TASKS:
            bar.say(f"{options.learner} on {task}")
            runs = [one(options.learner, task, seed) for seed in SEEDS]
            valid, test = (" ".join(f"{100 * run[i]:.2f}" for run in runs) for i in (0, 1))
            tested, took = 100 * mean(run[1] for run in runs), mean(run[2] for run in runs)
            lines.append(f"| {task} | {valid} | {test} | {tested:.3f} | {took:.2f} | {runs[0][3]} |")
    text = "\n".join(lines)
    print(text)
    if options.markdown:
        command = " ".join(["python", *sys.argv])
        head = f"# Exact points\n\n`{command}`, torch {torch.__version__}, one thread of a CPU.\n\n"
        options.markdown.write_text(head + text + "\n")


if __name__ == "__main__":
    main()
