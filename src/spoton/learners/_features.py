"""`PointFeatures`: one vectorised transformer from images to the features of 2020.

=========  ======  ==================================================================================================
feature    columns what
=========  ======  ==================================================================================================
`pix`      C H W   the pixel values
`min`      H + W   position of the smallest pixel in each column (of H) and each row (of W)
`max`      H + W   the same for the largest
`pts11`    8       4 points: first and last ink row x first and last ink column
`pts12`    32      16 points: those lines x the two ends of the ink in each of them
`pts22`    32      16 points: ends x ends
`pts`      72      the three above
`pts6`     6       the six of them that 2020 called `restrict`: x of the first ink pixel three times, and its y
`dummy`    20      ten constants and ten random columns, which a learner has to ignore
=========  ======  ==================================================================================================
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from spoton import catalogue, ink
from spoton.data import Array, as_input, is_images
from spoton.errors import DataError, Refused

N_DUMMY = 10


def _arg(images: Array, find: Callable[..., Any]) -> Array:
    grey = images.max(axis=1)
    return np.concatenate([find(grey, axis=1), find(grey, axis=2)], axis=1).astype(np.float64)


def _dummy(images: Array) -> Array:
    """Constants, and numbers drawn from a hash of each image: random, yet the same wherever the image stands."""
    constants = np.full((len(images), N_DUMMY), 0.5)
    hashes = [zlib.crc32(np.ascontiguousarray(image).tobytes()) for image in images]
    random = [np.random.RandomState(value).uniform(size=N_DUMMY) for value in hashes]
    return np.concatenate([constants, np.array(random).reshape(len(images), N_DUMMY)], axis=1)


# name -> (images (n, C, H, W) -> (n, columns), whether the columns are coordinates in pixels)
FEATURES: dict[str, tuple[Callable[[Array], Array], bool]] = {
    "pix": (lambda images: images.reshape(len(images), -1).astype(np.float64), False),
    "min": (lambda images: _arg(images, np.argmin), True),
    "max": (lambda images: _arg(images, np.argmax), True),
    "dummy": (_dummy, False),
}
GROUPS = {"pts": ("pts11", "pts12", "pts22")}
# which points and coordinates (0 for x) `pts6` takes
SIX = {"pts22": ((2, 14, 10), 0), "pts11": ((0, 1), 1), "pts12": ((2,), 1)}
FEATURE_NAMES = [*FEATURES, *GROUPS["pts"], *GROUPS, "pts6"]


class PointFeatures(TransformerMixin, BaseEstimator):
    """Images to features, float64; a table passes through as numbers.

    Args:
        features: names of the table above, in the order of their columns.
        divide: divide coordinates by the image's size, as 2020's FeatsNet did, so that a net sees values in 0..1.

    Raises (in `fit` and `transform`):
        Refused: features of images are asked for, and X is a table.
        DataError: a table with text, or another number of columns than in `fit`.
    """

    def __init__(self, features: Sequence[str] = ("pix",), divide: bool = False) -> None:
        self.features = features
        self.divide = divide

    def fit(self, X: Any, y: Any = None) -> PointFeatures:
        """Checks X; there is nothing to learn."""
        remember_columns(self, X)
        first = X.iloc[:1] if isinstance(X, pd.DataFrame) else as_input(X)[:1]
        self.n_features_out_ = self._columns(first).shape[1]
        return self

    def transform(self, X: Any) -> Array:
        """(n, columns) float64."""
        check_columns(self, X)
        columns = self._columns(X)
        if columns.shape[1] != self.n_features_out_:
            raise DataError(
                f"inputs give {columns.shape[1]} columns where the fit had {self.n_features_out_}; "
                "give images of one size, or tables with the same columns"
            )
        return columns

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_out_")

    def _columns(self, X: Any) -> Array:
        X = as_input(X)
        if is_images(X):
            found = lru_cache(maxsize=1)(lambda: ink.feature_points(ink.ink_of(X)))  # once for all three kinds of pts
        wanted = [part for name in self.features for part in GROUPS.get(name, (name,))]
        if not is_images(X):
            if wanted != ["pix"]:
                raise Refused(f"the features {'+'.join(self.features)} are made from images, and this task is a table")
            return _numbers(X)
        parts = []
        for name in wanted:
            if name in GROUPS["pts"]:
                part, coordinates = found()[name].reshape(len(X), -1).astype(np.float64), True
            elif name == "pts6":
                columns = [found()[kind][:, list(which), axis] for kind, (which, axis) in SIX.items()]
                part, coordinates = np.concatenate(columns, axis=1).astype(np.float64), True
            elif name in FEATURES:
                make, coordinates = FEATURES[name]
                part = make(X)
            else:
                raise catalogue.unknown("feature", name, FEATURE_NAMES)
            parts.append(part / max(X.shape[2:]) if self.divide and coordinates else part)
        return np.concatenate(parts, axis=1)


def remember_columns(estimator: BaseEstimator, X: Any) -> None:
    """Keep the names of a DataFrame's columns, as scikit-learn does; forget those of an earlier fit."""
    if isinstance(X, pd.DataFrame):
        estimator.feature_names_in_ = np.asarray(X.columns, dtype=object)
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_


def check_columns(estimator: BaseEstimator, X: Any) -> None:
    """Raise `DataError` if a DataFrame has other columns than in the fit, or the same in another order."""
    if isinstance(X, pd.DataFrame) and hasattr(estimator, "feature_names_in_"):
        known, came = list(estimator.feature_names_in_), list(X.columns)
        if known != came:
            i = next((i for i, pair in enumerate(zip(known, came, strict=False)) if pair[0] != pair[1]), -1)
            what = (
                f"column {i} is '{came[i]}', in the fit it was '{known[i]}'"
                if i >= 0
                else (f"there are {len(came)} columns, in the fit {len(known)}")
            )
            raise DataError(f"{what}; give the columns of the fit, in their order")


def _numbers(X: Array | pd.DataFrame) -> Array:
    try:
        # a copy, since pandas hands out read-only arrays and some compiled learners cannot take those
        return np.array(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"a table of numbers is expected ({error}); leave out or encode columns of text") from error
