"""`Recipe`: how a name becomes an estimator. A learner is one Recipe, exported from `spoton.learners`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Recipe:
    """A learner of the catalogue.

    Attributes:
        name: its name, as in `spoton bench --learners`.
        about: one line.
        make: gives a fresh estimator; heavy packages are imported inside.
        features: features that images become when the name has no `@`; empty where the learner takes images itself.
        takes_features: whether `@features` is possible.
        divide: coordinates among the features are divided by the image's size, as nets like it.
        epochs: its parameter for passes over the data; empty where it has none.
        y_range: whether it has a sigmoid head with limits (`+yrange=`).
        normalize: its own parameter for `+xnorm`; where empty, a StandardScaler goes before it.
        options: further keywords, that go into its parameter `net_options`.
    """

    name: str
    about: str
    make: Callable[[], BaseEstimator]
    features: tuple[str, ...] = ("pix",)
    takes_features: bool = True
    divide: bool = False
    epochs: str = ""
    y_range: bool = False
    normalize: str = ""
    options: tuple[str, ...] = ()
