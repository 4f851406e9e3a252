"""Faults within nets and among images: what a diagnosis has to look into the net, or at pairs of rows, to see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from spoton.data import Array
from spoton.learners import get_learner, model_of
from spoton.tasks import Task, get_task

if TYPE_CHECKING:
    from torch import nn

Net = Callable[..., "nn.Module"]
SIDE = 20  # pixels of an image of spots


def _torch(net: Net, *, epochs: int, lr: float, batch_size: int = 32) -> Any:
    """A net of one's own on standardised answers."""
    learner = get_learner("basenet+ynorm+yrange=none")
    model_of(learner).set_params(net=net, epochs=epochs, lr=lr, batch_size=batch_size)
    return learner


def moving_images(rng: np.random.Generator) -> tuple[Task, Any]:
    """A net that would find a digit's first pixel, but shifts the images that it is trained on, and not the points."""
    share = float(rng.uniform(0.2, 0.25))

    def net(in_shape: Sequence[int], n_out: int, y_range: Any = None) -> nn.Module:
        from torch import nn
        from torchvision.transforms import v2

        from spoton.layers import InkGate, RasterPoints

        class Moving(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.move = v2.RandomAffine(0, (share, share))

            def forward(self, images: Any) -> Any:
                return self.move(images) if self.training else images

        points = 16 * in_shape[0]  # x and y of eight scans
        scans = (InkGate(), RasterPoints(), nn.Flatten(), nn.BatchNorm1d(points))
        return nn.Sequential(Moving(), *scans, nn.Linear(points, n_out))

    member = str(rng.choice(["topleft", "corner"]))
    return get_task(f"pnist/{member}"), _torch(net, epochs=60, lr=0.01)


def moved_copies(rng: np.random.Generator) -> tuple[Task, str]:
    """Digits to which copies at other places were added, with the points of the originals."""
    member = str(rng.choice(["topleft", "corner"]))
    data = get_task(f"pnist/{member}").data()
    images, y = np.asarray(data.X), data.y.to_numpy(dtype=np.float64)
    rows = rng.choice(len(images), size=round(len(images) * rng.uniform(0.3, 0.5)), replace=False)
    copies = np.stack([_shifted(images[row], rng) for row in rows])
    order = rng.permutation(len(images) + len(rows))
    X, answers = np.concatenate([images, copies])[order], np.concatenate([y, y[rows]])[order]
    task = Task.from_arrays(f"{member} of digits and moved copies", X, pd.DataFrame(answers, columns=data.y.columns))
    return task, "spotnet"


def _shifted(image: Array, rng: np.random.Generator) -> Array:
    """(C, H, W) moved by two or three pixels each way, as far as the ink leaves room."""
    ys, xs = np.nonzero(image.max(axis=0) > image.min())
    down = int(np.clip(rng.choice([-3, -2, 2, 3]), -ys.min(), image.shape[1] - 1 - ys.max()))
    right = int(np.clip(rng.choice([-3, -2, 2, 3]), -xs.min(), image.shape[2] - 1 - xs.max()))
    return np.roll(image, (down, right), axis=(1, 2))


def several_answers(rng: np.random.Generator) -> tuple[Task, str]:
    """Answers that have nothing in common, for a net with few hidden units: enough for one of them, not for all."""
    X = rng.normal(size=(600, 6))
    y = np.stack([np.tanh(1.5 * X @ w / np.linalg.norm(w)) for w in rng.normal(size=(5, 6))], axis=1)
    return Task.from_arrays("five answers", X, y), "mlp+ynorm?hidden_layer_sizes=2&learning_rate_init=0.01&max_iter=300"


def average_pooling(rng: np.random.Generator) -> tuple[Task, Any]:
    """How bright the brightest spot is, for a net that averages over the image."""
    n = 400
    images = rng.uniform(0, 0.25, size=(n, 1, SIDE, SIDE)).astype(np.float32)
    bright = rng.uniform(0.3, 1, size=n)
    images[np.arange(n), 0, rng.integers(SIDE, size=n), rng.integers(SIDE, size=n)] = bright

    def net(in_shape: Sequence[int], n_out: int, y_range: Any = None) -> nn.Module:
        from torch import nn

        body = [nn.Conv2d(in_shape[0], 8, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        return nn.Sequential(*body, nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, n_out))

    task = Task.from_arrays("brightest spot", images, pd.DataFrame({"brightness": bright}))
    return task, _torch(net, epochs=30, lr=0.01)


def batch_normalisation(rng: np.random.Generator) -> tuple[Task, Any]:
    """Batch normalisation over two or three rows at a time."""
    X = rng.normal(size=(600, 6))
    w, v = rng.normal(size=(2, 6))
    y = X @ w / np.linalg.norm(w) + 0.7 * np.tanh(1.5 * X @ v / np.linalg.norm(v))

    def net(in_shape: Sequence[int], n_out: int, y_range: Any = None) -> nn.Module:
        from torch import nn

        layers = [nn.Linear(in_shape[0], 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.BatchNorm1d(64)]
        return nn.Sequential(*layers, nn.ReLU(), nn.Linear(64, n_out))

    task = Task.from_arrays("a law with a bend", X, y)
    return task, _torch(net, epochs=15, lr=3e-3, batch_size=int(rng.choice([2, 3])))


# fault -> (framework, what draws a case of it)
CASES: dict[str, tuple[str, Callable[[np.random.Generator], tuple[Task, Any]]]] = {
    "moving images": ("torch", moving_images),
    "moved copies": ("torch", moved_copies),
    "several answers at once": ("scikit-learn", several_answers),
    "average pooling": ("torch", average_pooling),
    "batch normalisation": ("torch", batch_normalisation),
}
