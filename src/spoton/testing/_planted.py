"""Learners with a fault that is known, drawn from a seed: what a diagnosis is held against.

Each case is a learner that does well on its task, with one or two things made wrong, or none. A fault is told by what
names it: the probe of `spoton.why`, and a word of the cause where one probe has several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from spoton.data import Array
from spoton.learners import get_learner, model_of
from spoton.tasks import Task, get_task
from spoton.testing._planted_nets import CASES as NETS

# fault -> (probe, a word that its cause has; empty for any) of the causes that are right. Too small steps and too few
# of them are one fault: both leave the descent before its end, and more of either mends it.
RIGHT: dict[str, tuple[tuple[str, str], ...]] = {
    "answers in large units": (("target-scale", ""),),
    "narrow output range": (("output-range", ""),),
    "columns in unlike units": (("input-scale", ""),),
    "superfluous columns": (("superfluous", ""),),
    "small learning rate": (("optimisation", "too low"), ("optimisation", "too few epochs"), ("gradients", "too low")),
    "large learning rate": (("optimisation", "too high"), ("gradients", "too high")),
    "few epochs": (("optimisation", "too few epochs"), ("optimisation", "too low"), ("gradients", "too low")),
    "dropout": (("modes", "dropout"),),
    "swapped": (("frames", "swapped"),),
    "flipped": (("frames", "flipped"),),
    "offset": (("frames", "offset"),),
    "normalised": (("frames", "normalised"),),
    "shifted rows": (("frames", "rows"),),
    "label noise": (("label-noise", ""),),
    "moving images": (("augmentation", ""),),
    "moved copies": (("augmentation", ""),),
    "several answers at once": (("joint", ""),),
    "average pooling": (("architecture", "average pooling"),),
    # few rows at a time are what makes it another function: either name is right
    "batch normalisation": (("modes", "batch normalisation"), ("optimisation", "batches that are too small")),
}


@dataclass(frozen=True)
class Planted:
    """A learner on a task, and what is wrong with the two.

    Attributes:
        name: of the case.
        framework: `scikit-learn`, `torch` or `fastai`.
        task: the task.
        learner: what `spoton.why.why` takes.
        faults: keys of `RIGHT`; none for a clean case.
    """

    name: str
    framework: str
    task: str | Task = field(repr=False)
    learner: Any = field(repr=False)
    faults: tuple[str, ...] = ()

    def right(self, cause: tuple[str, str]) -> str:
        """The fault that a cause (its probe, its words) names; empty where it names none that was planted."""
        for fault in self.faults:
            if any(cause[0] == probe and word in cause[1] for probe, word in RIGHT[fault]):
                return fault
        return ""


def planted(seed: int = 0) -> list[Planted]:
    """The cases of a seed: 30 with one fault or two, on images and tables, in three frameworks, and 10 clean ones."""
    rng, other = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    return [*_tables(rng), *_images(rng), *_nets(other), *_clean(rng)]


@dataclass
class _Table:
    """A law with a bend, in whose columns and answers faults are planted."""

    X: Array
    y: Array

    def task(self, name: str) -> Task:
        columns = [f"x{i}" for i in range(self.X.shape[1])]
        return Task.from_arrays(name, pd.DataFrame(self.X, columns=columns), self.y)


def _law(rng: np.random.Generator, rows: int = 600, columns: int = 6) -> _Table:
    X = rng.normal(size=(rows, columns))
    w, v = rng.normal(size=columns), rng.normal(size=columns)
    y = X @ w / np.linalg.norm(w) + 0.7 * np.tanh(1.5 * X @ v / np.linalg.norm(v)) + 0.02 * rng.normal(size=rows)
    return _Table(X, y)


def _large_answers(rng: np.random.Generator, table: _Table) -> None:
    table.y = table.y * 10 ** rng.uniform(2.5, 3.5) + 10 ** rng.uniform(3.5, 4)


def _unlike_units(rng: np.random.Generator, table: _Table) -> None:
    powers = np.linspace(-2.5, 3, table.X.shape[1])
    table.X = table.X * 10 ** rng.permutation(powers) + rng.normal(size=table.X.shape[1])


def _more_columns(rng: np.random.Generator, table: _Table) -> None:
    table.X = np.hstack([table.X, rng.normal(size=(len(table.X), int(rng.integers(300, 500))))])


def _noise(rng: np.random.Generator, table: _Table) -> None:
    bad = rng.choice(len(table.y), size=round(len(table.y) * rng.uniform(0.1, 0.2)), replace=False)
    table.y[bad] = rng.permutation(table.y[bad])


def _shift(rng: np.random.Generator, table: _Table) -> None:
    table.y = np.roll(table.y, int(rng.choice([1, 2])))


IN_DATA: dict[str, Callable[[np.random.Generator, _Table], None]] = {
    "answers in large units": _large_answers,
    "columns in unlike units": _unlike_units,
    "superfluous columns": _more_columns,
    "label noise": _noise,
    "shifted rows": _shift,
}
# what a name has where it is well, with the rate and the epochs that go into it
WELL = {
    "scikit-learn": "mlp{x}{y}?hidden_layer_sizes=64x64&learning_rate_init={rate:.3g}&max_iter={epochs}",
    "torch": "basenet{x}{y}+yrange=none?hidden=64&mid=64&relu=true&lr={rate:.3g}&epochs={epochs}",
    "fastai": "fastai-tabular{x}{y}+yrange=none?lr={rate:.3g}&epochs={epochs}",
}
RATE, EPOCHS = 3e-3, {"scikit-learn": 150, "torch": 60, "fastai": 20}
TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    *(
        ("scikit-learn", (fault,))
        for fault in ("columns in unlike units", "superfluous columns", "small learning rate")
    ),
    *(("torch", (fault,)) for fault in ("answers in large units", "columns in unlike units", "superfluous columns")),
    *(("torch", (fault,)) for fault in ("narrow output range", "large learning rate", "few epochs", "dropout")),
    *(("fastai", (fault,)) for fault in ("answers in large units", "small learning rate", "narrow output range")),
    *(("fastai", (fault,)) for fault in ("few epochs", "superfluous columns")),
    ("scikit-learn", ("label noise",)),
    ("torch", ("shifted rows",)),
    ("torch", ("answers in large units", "columns in unlike units")),
    ("scikit-learn", ("superfluous columns", "columns in unlike units")),
)


def _tables(rng: np.random.Generator) -> Iterator[Planted]:
    for framework, faults in TABLES:
        table = _law(rng)
        for fault in faults:
            if fault in IN_DATA:
                IN_DATA[fault](rng, table)
        name = f"{' and '.join(faults)}, {framework}"
        yield Planted(name, framework, table.task(name), _learner(rng, framework, faults, table), faults)


def _learner(rng: np.random.Generator, framework: str, faults: Sequence[str], table: _Table) -> Any:
    rate, epochs = RATE, EPOCHS[framework]
    if "small learning rate" in faults:
        rate /= 10 ** rng.uniform(2, 2.5)
    if "large learning rate" in faults:
        rate *= 10 ** rng.uniform(1.7, 2)
    if "few epochs" in faults:
        epochs = int(rng.integers(1, 3))
    if "dropout" in faults:
        return _with_dropout(rate, epochs, float(rng.uniform(0.7, 0.8)))
    name = WELL[framework].format(
        x="" if "columns in unlike units" in faults else "+xnorm",
        y="" if "answers in large units" in faults else "+ynorm",
        rate=rate,
        epochs=epochs,
    )
    if "narrow output range" not in faults:
        return name
    learner = get_learner(name)
    # the wrapper standardises the answers: limits are in their spread
    low, high = np.quantile((table.y - table.y.mean()) / table.y.std(), [rng.uniform(0.2, 0.3), 0.75])
    model_of(learner).set_params(y_range=(round(float(low), 2), round(float(high), 2)))
    return learner


def _with_dropout(rate: float, epochs: int, share: float) -> Any:
    from torch import nn

    def net(in_shape: Sequence[int], n_out: int, y_range: Any = None) -> nn.Module:
        layers = [nn.Linear(in_shape[0], 64), nn.ReLU(), nn.Dropout(share), nn.Linear(64, 64), nn.ReLU()]
        return nn.Sequential(*layers, nn.Dropout(share), nn.Linear(64, n_out))

    learner = get_learner("basenet+xnorm+ynorm+yrange=none")
    model_of(learner).set_params(net=net, lr=rate, epochs=epochs)
    return learner


def _points(rng: np.random.Generator, member: str, spoil: Callable[[Array], Array]) -> Task:
    data = get_task(f"pnist/{member}").data()
    y = spoil(data.y.to_numpy(dtype=np.float64))
    return Task.from_arrays(f"{member} of digits", data.X, pd.DataFrame(y, columns=data.y.columns))


def _images(rng: np.random.Generator) -> Iterator[Planted]:
    def flip(y: Array) -> Array:
        return np.column_stack([y[:, 0], 27 - y[:, 1]])

    shift = float(rng.choice([-1.0, -0.5, 0.5, 1.0]))
    spoiled: dict[str, Callable[[Array], Array]] = {
        "swapped": lambda y: y[:, ::-1],
        "flipped": flip,
        "offset": lambda y: y + shift,
        "normalised": lambda y: y / 28,
    }
    learners = ("linear@pts", "featsnet+ynorm?epochs=30", "spotnet", "featsnet+ynorm?epochs=30")
    for (fault, spoil), learner in zip(spoiled.items(), rng.permutation(learners), strict=True):
        member = "topleft" if fault == "offset" else str(rng.choice(["topleft", "corner"]))
        framework = "scikit-learn" if learner.startswith("linear") else "torch"
        yield Planted(f"{fault}, {learner}", framework, _points(rng, member, spoil), str(learner), (fault,))
    member = str(rng.choice(["topleft", "corner"]))
    rate = 1e-3 / 10 ** rng.uniform(2, 2.5)
    net = f"pnist/{member}"
    raw = "featsnet?epochs=100&lr=0.003"  # with fewer steps their number matters more than the scale
    yield Planted("raw answers, featsnet", "torch", "pnist/topleft", raw, ("answers in large units",))
    slow = f"featsnet+ynorm?epochs=10&lr={rate:.3g}"
    yield Planted("slow, featsnet", "torch", net, slow, ("small learning rate",))


def _nets(rng: np.random.Generator) -> Iterator[Planted]:
    for fault, (framework, draw) in NETS.items():
        task, learner = draw(rng)
        yield Planted(f"{fault}, {framework}", framework, task, learner, (fault,))


def _clean(rng: np.random.Generator) -> Iterator[Planted]:
    """Learners that reach the end of the scale, or what the noise of the answers leaves."""
    for member, learner in (("topleft", "spotnet"), ("box", "spotnet"), ("corner", "linear@pts")):
        framework = "torch" if learner == "spotnet" else "scikit-learn"
        yield Planted(f"clean: {learner} on {member}", framework, f"pnist/{member}", learner)
    yield Planted("clean: spottable on columns/perfect", "torch", "columns/perfect", "spottable?epochs=3")
    for framework, learner in (
        ("scikit-learn", "linear"),
        ("scikit-learn", "ridge"),
        ("scikit-learn", "lasso-cv"),
        ("torch", "spottable"),
        ("torch", "basenet+xnorm+ynorm+yrange=none?hidden=16&lr=0.003&epochs=10"),
        ("fastai", "fastai-tabular+xnorm+ynorm+yrange=none?epochs=10&lr=0.003&schedule=one-cycle"),
    ):
        rows = 2000
        X = rng.normal(size=(rows, 5))
        y = X @ rng.uniform(0.5, 1.5, size=5)
        y = y + y.std() * rng.normal(size=rows)
        short = learner.partition("?")[0]
        yield Planted(f"clean: {short} at the noise", framework, _Table(X, y).task(f"noisy line, {short}"), learner)
