"""Digit images: the embedded ones, and the full sets from a local file or through torchvision.

Embedded (`_data/digits.npz`, made by `_data/make_digits.py`): the 709 images of the 2020 seed set (the MNIST training
images labelled 3 or 7 whose index begins with 7, 8 or 9: MNIST_TINY/train of fastai), 6,000 training images of all ten
digits, and the first 2,000 test images.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from spoton import _trust
from spoton._told import tell
from spoton.data import Array
from spoton.errors import DataError

SOURCES = ("auto", "mnist", "fashion", "kmnist", "emnist")
_USUAL = ("train-images", "train-labels", "t10k-images", "t10k-labels")
# EMNIST is published with rows and columns exchanged, under names of its own
PARTS = dict.fromkeys(("mnist", "fashion", "kmnist"), _USUAL) | {
    "emnist": tuple(f"emnist-digits-{part}" for part in ("train-images", "train-labels", "test-images", "test-labels"))
}
_TORCHVISION = {"mnist": "MNIST", "fashion": "FashionMNIST", "kmnist": "KMNIST", "emnist": "EMNIST"}


@dataclass(frozen=True)
class Digits:
    """Images (n, H, W) uint8 and labels (n,), with the position of each image in its source."""

    images: Array
    labels: Array
    index: Array

    def only(self, digits: tuple[int, ...]) -> Digits:
        """Those of the given classes."""
        keep = np.isin(self.labels, digits)
        return Digits(self.images[keep], self.labels[keep], self.index[keep])


@lru_cache(maxsize=1)
def _embedded() -> dict[str, Array]:
    path = resources.files("spoton.tasks") / "_data" / "digits.npz"
    with path.open("rb") as file, np.load(file) as archive:
        return {key: archive[key] for key in archive.files}


def embedded(part: str) -> Digits:
    """`part` is `seed` (709 images of 3 and 7), `train` (6,000 of all digits) or `test` (2,000 of all digits)."""
    data = _embedded()
    return Digits(data[f"{part}_images"], data[f"{part}_labels"].astype(np.int64), data[f"{part}_index"])


def full(source: str) -> tuple[Digits, Digits]:
    """The whole training and test set of `source`, from `SPOTON_DATA` or else through torchvision.

    `SPOTON_DATA` is an npz file (X, y, Xt, yt, or Keras's x_train, y_train, x_test, y_test), a folder of IDX files as
    they are published (gzipped or not), or a folder that holds such a file or folder named after the source.

    Raises:
        DataError: neither is to be had, with what to do.
    """
    place = os.environ.get("SPOTON_DATA")
    found = _find(Path(place), source) if place else None
    if place and found is None and source == "mnist" and not Path(place).exists():
        raise DataError(f"SPOTON_DATA names {place}, which does not exist; give an npz file or a folder of IDX files")
    arrays = _read(found, source) if found else _download(source, Path(place) if place else None)
    for images, labels in (arrays[:2], arrays[2:]):
        if images.ndim != 3 or images.dtype != np.uint8:
            raise DataError(
                f"images of {source} have to be (n, H, W) of bytes (uint8, 0..255), these are {images.shape} of "
                f"{images.dtype}; convert the file that SPOTON_DATA names"
            )
        if images.size == 0 or labels.ndim != 1 or not _whole(labels):
            raise DataError(
                f"{source} needs one image or more, and labels (n,) of whole numbers from 0 to 255, these are "
                f"{images.shape} and {labels.shape} of {labels.dtype}; convert the file that SPOTON_DATA names"
            )
        if len(images) != len(labels):
            raise DataError(f"{source} has {len(images)} images and {len(labels)} labels; give one label an image")
    train, train_labels, test, test_labels = arrays
    return (
        Digits(train.astype(np.uint8), train_labels.astype(np.int64), np.arange(len(train))),
        Digits(test.astype(np.uint8), test_labels.astype(np.int64), np.arange(len(test))),
    )


def sources_at(place: Path) -> list[str]:
    """The full sets at a place that SPOTON_DATA may name."""
    return [source for source in SOURCES[1:] if _find(place, source) is not None]


def downloads() -> Path:
    """Where full sets are downloaded to."""
    return Path.home() / ".cache" / "spoton"


def _whole(labels: Array) -> bool:
    """Whether all are whole numbers that one byte holds."""
    if labels.dtype.kind not in "iuf" or not labels.size:
        return not labels.size
    return bool(0 <= labels.min() <= labels.max() <= 255 and (labels % 1 == 0).all())


def _find(place: Path, source: str) -> Path | None:
    """The file or folder of `source` at `place`: itself for mnist, or a member named after the source."""
    if (named := place / f"{source}.npz").is_file():
        return named
    # torchvision keeps its downloads in folders of these names too, with the files deeper down
    for folder in (place / source, place):
        if any(folder.glob(f"{PARTS[source][0]}*idx3-ubyte*")):
            return folder
    return place if source == "mnist" and place.is_file() else None


def _read(path: Path, source: str) -> list[Array]:
    if path.is_dir():
        arrays = [_read_idx(path, part) for part in PARTS[source]]
        return [a.transpose(0, 2, 1) if source == "emnist" and a.ndim == 3 else a for a in arrays]
    _trust.check_regular(path, "file that SPOTON_DATA names")
    # opened here, since np.load leaves a broken file open
    with _trust.told(f"{path} cannot be read as an npz file; write it again"), path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(f"{path} cannot be read as an npz file, it is a single array; write it with numpy.savez")
        for keys in (("X", "y", "Xt", "yt"), ("x_train", "y_train", "x_test", "y_test")):
            if all(key in archive for key in keys):
                return [_trust.read_npz(archive, key, f"{key} in {path}") for key in keys]
        held = ", ".join(archive.files)
    raise DataError(f"{path} has to hold X, y, Xt, yt (or x_train, y_train, x_test, y_test); it holds {held}")


def _read_idx(folder: Path, part: str) -> Array:
    """One IDX file: two zero bytes, the type (8 = uint8), the number of axes, the big-endian sizes, the values."""
    paths = sorted(folder.glob(f"{part}*idx?-ubyte*"))
    if not paths:
        raise DataError(f"{folder} holds no file {part}-idx?-ubyte(.gz); put all four IDX files there")
    _trust.check_regular(paths[0], "IDX file")
    opener: Any = gzip.open if paths[0].suffix == ".gz" else open
    wrong = f"{paths[0]} is no complete IDX file of bytes; download it again"
    with _trust.told(f"{paths[0]} cannot be read as an IDX file; download it again"), opener(paths[0], "rb") as file:
        zero, kind, axes = struct.unpack(">HBB", file.read(4))
        shape = struct.unpack(f">{axes}I", file.read(4 * axes))
        size = math.prod(shape)
        _trust.check_bytes(size, str(paths[0]))
        values = np.frombuffer(file.read(size + 1), dtype=np.uint8)  # no more: a little gzip can hold very much
    if zero != 0 or kind != 8 or values.size != size:
        raise DataError(wrong)
    return values.reshape(shape)


def _download(source: str, place: Path | None) -> list[Array]:
    import torchvision

    root = place if place and place.is_dir() else downloads()
    extra = {"split": "digits"} if source == "emnist" else {}
    arrays: list[Array] = []
    try:
        for train in (True, False):
            with _downloads_told(source):
                data = getattr(torchvision.datasets, _TORCHVISION[source])(root, train=train, download=True, **extra)
            images = data.data.numpy()
            # torchvision stores EMNIST with rows and columns exchanged
            arrays += [images.transpose(0, 2, 1) if source == "emnist" else images, data.targets.numpy()]
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"{source} is not on this machine and could not be downloaded ({type(error).__name__}); "
            "set SPOTON_DATA to an npz file or a folder of IDX files, or go online"
        ) from error
    return arrays


class _Told:
    """Stands in for the bar that torchvision draws, and tells of the bytes instead."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what, self._done, self._total = what, 0, total or 0

    def __enter__(self) -> _Told:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, count: int) -> None:
        self._done += count
        tell(self._what, self._done, self._total)


@contextmanager
def _downloads_told(source: str) -> Iterator[None]:
    """torchvision draws a bar wherever standard error goes; here it is told to those who listen."""
    from torchvision.datasets import utils

    drawn = getattr(utils, "tqdm", None)

    def told(*_: Any, total: int | None = None, **__: Any) -> _Told:
        return _Told(f"bytes of {source}", total)

    if drawn is not None:
        utils.tqdm = told
    try:
        tell(f"looking for {source}")
        yield
    finally:
        if drawn is not None:
            utils.tqdm = drawn
