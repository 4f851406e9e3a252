"""Inputs of a model, checked against its card: what is like the inputs of the fit, as the learner takes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spoton.data import Array, as_input, is_images
from spoton.errors import DataError
from spoton.models._card import Card

SCALED = 1.5  # images of 0 to 1 in the fit may be a little brighter here, but not bytes as floats


def checked_inputs(X: Any, card: Card) -> Array | pd.DataFrame:
    """What the learner takes.

    Raises:
        DataError: another kind, shape or range than in the fit, other columns, or values that are not finite.
    """
    if not isinstance(X, pd.DataFrame):
        try:
            X = np.asarray(X)
        except (ValueError, TypeError) as error:  # rows of unequal lengths
            raise DataError(f"X cannot be read as an array ({error}); give a NumPy array or a DataFrame") from None
    if card.inputs["kind"] == "images":
        return _images(X, card)
    return _table(X, card)


def checked_labels(labels: Any, n: int) -> Array:
    """(n,) whole numbers.

    Raises:
        DataError: there are none, or others.
    """
    if labels is None:
        raise DataError("this model is told the class of each row; give labels, one a row")
    found = np.asarray(labels)
    if found.shape != (n,) or found.dtype.kind not in "iu":
        raise DataError(f"labels have to be {n} whole numbers, these are {found.dtype} {found.shape}; give one a row")
    return found


def _images(X: Any, card: Card) -> Array:
    wanted = tuple(card.inputs["shape"])
    words = f"images of {wanted[2]} x {wanted[1]} px (width x height), {_channels(wanted[0])}"
    if isinstance(X, pd.DataFrame) or not is_images(X):
        came = f"a table of {X.shape[1]} columns" if np.ndim(X) == 2 else f"an array of shape {np.shape(X)}"
        raise DataError(f"the model takes {words} (n, C, H, W), and this is {came}; give images")
    images = np.asarray(as_input(X))
    _, channels, height, width = images.shape
    if channels != wanted[0] or not (card.inputs["any_size"] or (height, width) == wanted[1:]):
        came = f"of {width} x {height} px, {_channels(channels)}"
        raise DataError(f"the model takes {words}, these are {came}; bring them to that form")
    if images.size and not np.isfinite(images).all():
        row = int(np.argwhere(~np.isfinite(images).all(axis=(1, 2, 3)))[0][0])
        raise DataError(f"image {row} (they count from 0) holds NaN or infinity; mend it or leave it out")
    high = card.inputs.get("high")
    if images.size and isinstance(high, int | float) and high <= 1 and images.max() > SCALED:
        raise DataError(
            f"these images go up to {images.max():g}, and those of the fit to {high:g}; give uint8, or divide by 255"
        )
    return images


def _channels(n: int) -> str:
    return {1: "grey", 3: "colour"}.get(n, f"{n} channels")


def _table(X: Any, card: Card) -> pd.DataFrame:
    columns = list(card.inputs["columns"])
    if isinstance(X, pd.DataFrame):
        X = X.rename(columns=str)
        missing = [name for name in columns if name not in X.columns]
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise DataError(f"the table has no column {', '.join(missing[:3])}{more}; give the columns of the fit")
        X = X[columns]
        if X.shape[1] != len(columns):
            raise DataError("the table has a column of the fit twice; give each once")
    elif X.ndim != 2 or X.shape[1] != len(columns):
        raise DataError(f"the model takes a table of {len(columns)} columns, this has the shape {X.shape}; give (n, D)")
    try:
        values = np.array(X, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise DataError(f"the table has to hold numbers alone ({error}); leave out or encode text") from None
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise DataError(
            f"row {row}, column '{columns[column]}' (rows count from 0): a finite number is expected, "
            f"not {values[row, column]}; fill it in or leave the row out"
        )
    return pd.DataFrame(values, columns=columns)
