"""What the readers of annotation files share: the image of a record, its size, and errors that name the place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spoton import _trust, catalogue
from spoton.errors import DataError, UsageError
from spoton.fastai._box_data import BoxRecord, reason_against

BAD = ("refuse", "drop")


def text_of(file: str | Path) -> str:
    """The text of a file.

    Raises:
        DataError: it is missing, or no text.
    """
    try:
        return bytes_of(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{file} cannot be read as text ({error}); give the path of an annotation file") from error


def bytes_of(file: str | Path) -> bytes:
    """The content of a file.

    Raises:
        DataError: it is missing, no regular file, or larger than is read.
    """
    _trust.check_regular(file, "annotation file")
    try:
        with Path(file).open("rb") as stream:
            _trust.check_bytes(os.fstat(stream.fileno()).st_size, str(file))
            return stream.read()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise DataError(f"{file} cannot be read as text ({error}); give the path of an annotation file") from error


def listed(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder by their names, in their order.

    Raises:
        DataError: one of them is a link that leads out of the folder.
    """
    found = sorted(folder.glob(pattern))
    for path in found:
        if _trust.inside(folder, path.name) is None:
            raise DataError(f"{path} is a link that leads out of its folder; put a copy of the file there")
    return found


def folder_of(path: str | Path) -> Path:
    """A folder that is there.

    Raises:
        DataError: there is none.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; give the one that has the files")
    return folder


def image_of(where: str, images: str | Path, name: str) -> Path:
    """The path of an image that is there, below the folder of the images.

    Raises:
        DataError: it is missing, or its name or a link leads out of the folder.
    """
    path = _trust.inside(images, name)
    if path is None:
        raise DataError(f"{where}: '{name}' leads out of '{images}'; give the folder of the images, or mend the name")
    if not name or not _trust.is_regular(path):
        raise DataError(f"{where}: the image {path} is missing; give the folder of the images, or mend the name")
    return path


def size_of(path: Path) -> tuple[int, int]:
    """(W, H) of an image as it is stored, from the head of its file.

    Raises:
        DataError: it is no image.
    """
    _trust.check_regular(path, "image")
    with (
        _trust.told(f"{path} cannot be read as an image; mend or leave out the file"),
        _trust.open_image(path, str(path)) as image,
    ):
        return image.size


def size_from(where: str, values: Sequence[Any]) -> tuple[int, int]:
    """(W, H) of an image as a file tells it.

    Raises:
        DataError: they are no whole numbers of pixels.
    """
    width, height = numbers(where, values, 2)
    if not all(side >= 1 and side.is_integer() and side < 2**31 for side in (width, height)):
        raise DataError(f"{where}: the size of an image is whole numbers of pixels, not {width:g} and {height:g}")
    return int(width), int(height)


def numbers(where: str, values: Sequence[Any], n: int | None = None) -> list[float]:
    """Texts or numbers as floats.

    Raises:
        DataError: something else, or not `n` of them.
    """
    if not isinstance(values, Sequence) or isinstance(values, str) or (n is not None and len(values) != n):
        raise DataError(f"{where}: {n} numbers are expected, not {values!r}")
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: numbers are expected ({error})") from error


def label_of(where: str, name: str, labels: Mapping[str, int]) -> int:
    """The label of a class.

    Raises:
        DataError: no such class; it lists the nearest.
    """
    if name not in labels:
        raise DataError(f"{where}: {catalogue.unknown('class', name, sorted(labels))}")
    return labels[name]


def record_of(where: str, path: Path, size: tuple[int, int], objects: Sequence[dict[str, Any]], bad: str) -> BoxRecord:
    """A record from what a file says of each object; errors name the place in that file.

    Args:
        where: the file.
        path: the image.
        size: (W, H) in pixels.
        objects: dicts with `where` (the place in the file), `box`, `label`, and perhaps `keypoints`, `area`, `crowd`.
        bad: `refuse` boxes without area or outside of the image; or `drop` them, and clip what stands out.
    """
    if bad not in BAD:
        raise UsageError(f"bad is one of {', '.join(BAD)}, not {bad!r}")
    kept = []
    for thing in objects:
        box = np.asarray(thing["box"], dtype=np.float64)
        if not np.isfinite(box).all():
            raise DataError(f"{where}, {thing['where']}: the box is NaN or infinite; mend the file")
        if bad == "drop":
            box = np.clip(box, 0, np.tile(size, 2))
            if reason_against(box, size):
                continue
        elif reason := reason_against(box, size):
            raise DataError(f"{where}, {thing['where']}: the box {reason}")
        kept.append(thing | {"box": box})
    boxes = np.array([thing["box"] for thing in kept]).reshape(-1, 4)
    found: dict[str, Any] = {}
    if any(thing.get("keypoints") is not None for thing in kept):
        found["keypoints"] = np.stack([thing["keypoints"] for thing in kept])
    if any(thing.get("area") is not None for thing in kept):
        own = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        found["areas"] = [own[i] if thing.get("area") is None else thing["area"] for i, thing in enumerate(kept)]
    if any(thing.get("crowd") for thing in kept):
        found["crowds"] = [bool(thing.get("crowd")) for thing in kept]
    return BoxRecord(path, size, boxes, [thing["label"] for thing in kept], **found)
