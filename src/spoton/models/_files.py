"""Inputs of a model in files: images and folders of them, tables, arrays; read a part at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from spoton.data import Array, as_input
from spoton.errors import DataError, UsageError
from spoton.models._card import Card
from spoton.tasks import _readers as readers
from spoton.tasks._read_images import read_image

TABLES = (".csv", ".parquet")
Part = tuple[list[Any], Array | None]  # inputs, one a row; labels


@dataclass(frozen=True)
class Source:
    """Where inputs come from.

    Attributes:
        column: what a row is called: `file`, or `row`.
        names: of each row: the file within `folder`, or its number.
        folder: around the files, where inputs are images.
        read: (start, stop) -> the inputs of these rows and their labels, where there are some.
    """

    column: str
    names: list[str]
    folder: Path | None
    read: Callable[[int, int], Part]


def open_inputs(paths: Sequence[Path], card: Card) -> Source:
    """The inputs that files hold: images are only looked for, tables and arrays are read.

    Raises:
        UsageError: files of another kind than the model takes, or more than one table.
        DataError: a file is missing, damaged or holds other columns.
    """
    if not paths:
        raise UsageError("predict needs inputs; name images, a folder of them, a table or an .npz")
    endings = {path.suffix.lower() for path in paths}
    images = card.inputs["kind"] == "images"
    if ".npz" in endings:
        return _arrays(_one(paths, "an .npz"))
    if images:
        if wrong := next((path for path in paths if path.suffix.lower() in TABLES), None):
            raise UsageError(f"this model takes images and {wrong} is a table; name images or a folder of them")
        return _pictures(paths, card)
    return _table(_one(paths, "a table (.csv or .parquet)"), card)


def _one(paths: Sequence[Path], what: str) -> Path:
    if len(paths) > 1:
        raise UsageError(f"predict takes {what} alone, these are {len(paths)} files; name one")
    return paths[0]


# -- images --------------------------------------------------------------------------------------------------


def _pictures(paths: Sequence[Path], card: Card) -> Source:
    folder = paths[0] if len(paths) == 1 and paths[0].is_dir() else _around(paths)
    files: list[str] = []
    for path in paths:
        if path.is_dir():
            inside = [each for each in sorted(path.rglob("*")) if each.suffix.lower() in _endings() and each.is_file()]
            if not inside:
                raise DataError(f"the folder '{path}' holds no image; name another, or the images themselves")
            files += [os.path.relpath(each, folder) for each in inside]
        elif path.exists():
            files.append(os.path.relpath(path, folder))
        else:
            raise DataError(f"there is no image or folder '{path}'; check the path")
    names = list(dict.fromkeys(Path(file).as_posix() for file in files))

    def read(start: int, stop: int) -> Part:
        return [_picture(folder, name, card) for name in names[start:stop]], None

    return Source("file", names, folder, read)


def _around(paths: Sequence[Path]) -> Path:
    """The folder around all of them."""
    around = [path if path.is_dir() else path.parent for path in paths]
    try:
        return Path(os.path.relpath(os.path.commonpath([path.resolve() for path in around])))
    except ValueError:  # on several drives
        raise UsageError("the images lie on several drives; predict those of one at a time") from None


def _endings() -> set[str]:
    return {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}


def _picture(folder: Path, name: str, card: Card) -> Array:
    """(C, H, W) float32, as images were in the fit."""
    return planes_of(read_image(folder, name, f"in '{folder}'"), f"'{folder / name}'", card)


def planes_of(pixels: Array, where: str, card: Card) -> Array:
    """(C, H, W) float32, as images were in the fit, of what a file holds: grey (H, W) or colour (H, W, 3).

    Args:
        pixels: uint8, or float32 in 0..1.
        where: what the file is called, for messages.
        card: of the model.

    Raises:
        DataError: other channels or another size than the model takes.
    """
    channels, height, width = card.inputs["shape"]
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    if channels == 1 and len(planes) == 3:
        if not (planes == planes[:1]).all():
            raise DataError(f"{where} is in colour, and the model was fitted on grey images; convert it")
        planes = planes[:1]
    elif channels == 3 and len(planes) == 1:
        planes = np.repeat(planes, 3, axis=0)
    elif channels != len(planes):
        raise DataError(f"this model takes images of {channels} channels; give them as X (n, C, H, W) in an .npz")
    if not card.inputs["any_size"] and planes.shape[1:] != (height, width):
        raise DataError(
            f"{where} is {planes.shape[2]} x {planes.shape[1]} px, and the model was fitted on images of "
            f"{width} x {height} px (width x height) and takes no others; bring it to that size"
        )
    found: Array = np.asarray(as_input(planes[None]))[0]
    return found


# -- tables and arrays ---------------------------------------------------------------------------------------


def _table(path: Path, card: Card) -> Source:
    if path.suffix.lower() not in TABLES:
        raise UsageError(f"this model takes a table, and '{path}' is neither .csv nor .parquet; name one")
    columns = card.inputs["columns"]
    sheet = readers.read_sheet(path, only=columns)
    values, _ = sheet.read()
    frame = pd.DataFrame(values, columns=sheet.columns)[columns]

    def read(start: int, stop: int) -> Part:
        return list(frame.iloc[start:stop].to_numpy()), None

    return Source("row", [str(row) for row in range(len(frame))], None, read)


def _arrays(path: Path) -> Source:
    held = readers.read_npz(path, needed=("X",))
    X, labels = held["X"], held.get("labels")
    if np.ndim(X) < 2:
        raise DataError(f"X in {path.name} has the shape {np.shape(X)}; give (n, H, W), (n, C, H, W) or (n, D)")
    if labels is not None and np.shape(labels) != (len(X),):
        raise DataError(f"labels in {path.name} have the shape {np.shape(labels)}, ({len(X)},) is expected")
    inputs = as_input(X)

    def read(start: int, stop: int) -> Part:
        return list(inputs[start:stop]), None if labels is None else np.asarray(labels[start:stop])

    return Source("row", [str(row) for row in range(len(X))], None, read)
