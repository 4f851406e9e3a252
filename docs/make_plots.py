"""Draws the pictures of docs/pictures.md into docs/img/plots, from real runs, each on light and on dark.

python docs/make_plots.py                  # --only curves: one picture
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from spoton import Run, bench, evaluate, get_learner, get_task, plots
from spoton.data import PointData

TASK, SEED, ROWS = "pnist/topleft?digits=all", 0, 400
NET, FEATURES = "basenet+ynorm", "linear@pts"
IMAGES = Path(__file__).parent / "img" / "plots"


@cache
def valid() -> PointData:
    """The validation side."""
    task = get_task(TASK)
    return task.data().take(task.split(SEED).valid)


@cache
def net() -> Run:
    """A small net, scored after each epoch."""
    return evaluate(NET, TASK, SEED, train_size=ROWS, epochs=40, history=True, keep_predictions=True)


@cache
def runs() -> list[Run]:
    """Learners at several numbers of training rows."""
    learners = ["oracle", "mean", "linear", FEATURES, "knn", "ridge@pts12", NET]
    return bench(TASK, learners, seeds=3, train_sizes=(50, 100, 200, ROWS), epochs=20)


@cache
def fitted(name: str) -> Any:
    """A fitted net, with its layers."""
    task = get_task(TASK)
    train = task.data().take(task.split(SEED, ROWS).train)
    return get_learner(name).set_params(random_state=SEED).fit(train.X, train.y)


def answers() -> tuple[Any, Any]:
    """Actual and predicted points of the validation side."""
    predicted = net().predictions
    return valid().y.to_numpy(), None if predicted is None else predicted["valid"]


def agreement(ax: Any) -> Any:
    """x of the first ink."""
    actual, predicted = answers()
    return plots.agreement(ax, actual[:, 0], predicted[:, 0], name="topleft_x", band=0.5)


def points_on_image(ax: Any) -> Any:
    """One digit, and where a U-Net believes the point to be."""
    row = 3
    image = valid().X[row : row + 1]
    net = fitted("unet-heatmap?epochs=2")
    heat = plots.activations(net.module_, image)["output"].reshape(image.shape[-2:])
    veil = np.exp(heat - heat.max())
    return plots.points_on_image(ax, image[0], valid().y.iloc[row], net.predict(image), veil / veil.sum())


def feature_maps(ax: Any) -> Any:
    """The first layer of the same net that makes several maps."""
    net = fitted("unet-logscan?epochs=2")
    found = plots.activations(net.module_, valid().X[3:4])
    name, maps = next((name, held) for name, held in found.items() if held.ndim == 4 and held.shape[1] > 3)
    return plots.feature_maps(ax, maps, title=f"layer {name}: {maps.shape[1]} channels")


def r2_against_mse(ax: Any) -> Any:
    """Every learner at every size, one seed: one set of rows."""
    held = [run for run in runs() if run.seed == SEED]
    scores = [run.metrics["valid"] for run in held]
    variance = float(valid().y.to_numpy()[:, 0].var())
    column = valid().y.columns[0]
    return plots.r2_against_mse(ax, [s[f"mse:{column}"] for s in scores], [s[f"r2:{column}"] for s in scores], variance)


def correlation(ax: Any) -> Any:
    """A table of which five columns decide."""
    data = get_task("friedman1?superfluous=100").data()
    return plots.correlation(ax, data.X, data.y, most=10)


PICTURES: dict[str, Callable[[Any], Any]] = {
    "agreement": agreement,
    "points_on_image": points_on_image,
    "residuals": lambda ax: plots.residuals(ax, *answers(), size=(28, 28)),
    "error_by_place": lambda ax: plots.error_by_place(ax, *answers(), size=(28, 28)),
    "error_by_class": lambda ax: plots.error_by_class(ax, *answers(), valid().labels),
    "distances": lambda ax: plots.distances(ax, *answers()),
    "curves": lambda ax: plots.curves(ax, net().history),  # type: ignore[arg-type]  # it was asked for
    "r2_against_mse": r2_against_mse,
    "sample_efficiency": lambda ax: plots.sample_efficiency(ax, runs(), "hit"),
    "leaderboard": lambda ax: plots.leaderboard(ax, [run for run in runs() if run.train_size == ROWS], "dist_avg"),
    "feature_maps": feature_maps,
    "correlation": correlation,
}


def main() -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PICTURES)
    asked = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        if asked.only not in (None, name):
            continue
        for dark in (False, True):
            figure = plots.canvas(size=(4.8, 3.4), dark=dark)
            draw(figure.axes[0])
            end = "-dark" if dark else ""
            figure.savefig(IMAGES / f"{name}{end}.png", dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    main()
