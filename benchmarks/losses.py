"""Does another loss than the squared error help a net to hit exact points? The question of 2020, put to three nets.

    python benchmarks/losses.py --jobs 2       # writes benchmarks/losses.md; resumes

Losses: the mean squared error; the root of a batch's mean squared error, as asked in 2020; the distance of each point
(`root_squared_error`); the absolute error; a Huber loss that forgives half a pixel (`half_pixel_huber`). The root of
a batch's mean has the gradient of the mean itself, divided by twice the root: under Adam, which divides by the size of
the gradients, little is left of the difference. For each net and loss the learning rate is chosen among the same seven,
by hits on a fifth of the training rows (seeds 0 to 2); what is reported are the validation rows of seeds 100 to 104.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from torch import Tensor, nn

from spoton import Run, bench
from spoton._provenance import provenance
from spoton.layers import HalfPixelHuber, RootSquaredError
from spoton.learners import PointFeatures, TorchRegressor
from spoton.nets import BaseNet, CoordConv
from tune_points import inner, score

HERE = Path(__file__).parent
# the convolutional net takes minutes for each setting: one task is enough
TASKS = {
    "pnist/topleft": ("net3", "featsnet", "coordconv"),
    "pnist/center": ("net3", "featsnet"),
}
RATES = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
TUNED_ON, REPORTED_ON = range(3), range(100, 105)


class RootOfMean(nn.Module):
    """The square root of the batch's mean squared error."""

    def forward(self, predicted: Tensor, y: Tensor) -> Tensor:
        """The loss."""
        return torch.sqrt(nn.functional.mse_loss(predicted, y) + 1e-12)


LOSSES: dict[str, Callable[[], nn.Module]] = {
    "squared error": nn.MSELoss,
    "root of the batch's mean squared error": RootOfMean,
    "distance of each point": RootSquaredError,
    "absolute error": nn.L1Loss,
    "Huber beyond half a pixel": HalfPixelHuber,
}


def with_loss(in_shape: Any, n_out: int, *, body: type[nn.Module], loss: str, y_range: Any = None) -> nn.Module:
    """A net that is trained on a loss of its own."""
    module = body(in_shape, n_out, y_range=y_range)  # type: ignore[call-arg]
    module.criterion = LOSSES[loss]  # type: ignore[assignment]
    return module


def learner(net: str, loss: str, lr: float) -> BaseEstimator:
    """One of the three nets, trained on that loss."""
    if net == "coordconv":
        options = {"body": CoordConv, "loss": loss}
        return TorchRegressor(net=with_loss, net_options=options, epochs=10, lr=lr, schedule="one-cycle", batch_size=16)
    model = TorchRegressor(net=with_loss, net_options={"body": BaseNet, "loss": loss}, epochs=90, lr=lr)
    return make_pipeline(PointFeatures(("pts",) if net == "featsnet" else ("pix",), divide=True), model)


NETS = {
    "net3": "Net3 of 2020 on pixels, 90 epochs",
    "featsnet": "FeatsNet of 2020 on pts, 90 epochs",
    "coordconv": "CoordConv, 10 epochs, one-cycle",
}


def best_rate(run: Callable[..., list[Run]], task: str, net: str, loss: str) -> float:
    """The learning rate with the best mean on parts of the training rows."""
    named = {f"{net}, {loss}, {lr:g}": lr for lr in RATES}
    found: dict[str, list[Run]] = {name: [] for name in named}
    for seed in TUNED_ON:
        for one in run(inner(task, seed), [(name, learner(net, loss, lr)) for name, lr in named.items()], seeds=[seed]):
            found[one.learner].append(one)
    return named[max(found, key=lambda name: score(found[name]))]


def main() -> None:
    """Tune, run, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--journal", type=Path, default=HERE / "losses-runs.jsonl")
    parser.add_argument("--out", type=Path, default=HERE / "losses.md")
    asked = parser.parse_args()
    run = partial(bench, jobs=asked.jobs, journal=asked.journal, resume=True)
    lines = ["| task | net | loss | lr | hit % | distance, px | r2 |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for task, nets in TASKS.items():
        for net in nets:
            for loss in LOSSES:
                lr = best_rate(run, task, net, loss)
                runs = run(task, [(f"{net}, {loss}, {lr:g}", learner(net, loss, lr))], seeds=list(REPORTED_ON))
                cells = []
                for metric, factor, digits in (("hit", 100, 1), ("dist_avg", 1, 2), ("r2", 1, 3)):
                    values = [factor * one.metrics["valid"][metric] for one in runs]
                    cells.append(f"{mean(values):.{digits}f} ± {stdev(values):.{digits}f}")
                lines.append(f"| {task} | {NETS[net]} | {loss} | {lr:g} | {' | '.join(cells)} |")
                print(lines[-1], flush=True)
    cpu = provenance()["cpu"]
    how = f"`python benchmarks/losses.py`, torch {torch.__version__}, {cpu}"
    head = f"# Losses\n\n{how}; mean ± sd of seeds 100 to 104, validation rows.\n\n"
    asked.out.write_text(head + "\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
