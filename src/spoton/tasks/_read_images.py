"""The user's images, by their names in a folder. Mistakes are named by file and row."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from spoton import _trust
from spoton._told import each_told
from spoton._trust import check_bytes, told
from spoton.data import Array, as_input
from spoton.errors import DataError
from spoton.tasks._readers import Rows, opened

SEARCHED, LONGEST_NAME = 5000, 255  # files among which the nearest name is looked for, and its characters


def read_images(folder: Path, files: Sequence[str], rows: Rows) -> Array:
    """Images of one size as float32 (n, C, H, W) in 0..1: one channel where all are grey, else three."""
    images: list[Array] = []
    for row, file in enumerate(each_told("images read", files)):
        images.append(read_image(folder, file, rows(row), len(files)))
        (height, width), first = images[-1].shape[:2], images[0].shape[:2]
        if (height, width) != first:
            raise DataError(
                f"{rows(row)}: '{file}' is {width} x {height} px and '{files[0]}' is {first[1]} x {first[0]} "
                "(width x height); bring all images to one size, and their points with them"
            )
    colour = any(image.ndim == 3 for image in images)
    X = np.empty((len(images), 3 if colour else 1, *first), dtype=np.float32)
    for row, image in enumerate(images):
        planes = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
        X[row] = as_input(planes[None])[0]  # a grey image fills all three channels
    return X


def read_image(folder: Path, file: str, where: str, n: int = 1) -> Array:
    """One of `n` images of a folder, all of which will be in memory, see `pixels`; `where` begins its messages."""
    if Path(file).anchor or ".." in Path(file).parts or (path := _trust.inside(folder, file)) is None:
        raise DataError(f"{where}: '{file}' leads out of '{folder}'; give a name inside that folder")
    if not _exists(path):
        # of a million files the nearest name is not worth the wait
        names = sorted(path.relative_to(folder).as_posix() for path in islice(folder.rglob("*"), SEARCHED))
        twins = [name for name in names if Path(name).stem.casefold() == Path(file).stem.casefold()]  # another ending
        near = difflib.get_close_matches(file[:LONGEST_NAME], twins or names, n=1, cutoff=0.0 if twins else 0.6)
        hint = f"did you mean '{near[0]}'?" if near else "check the name, its ending and the folder"
        raise DataError(f"{where}: there is no image '{file}' in '{folder}'; {hint}")
    wrong = f"{where}: '{file}' is damaged or not an image; save it again, as PNG for instance"
    with opened(path, "image") as stream, told(wrong), _trust.open_image(stream, f"{where}: '{file}'") as image:
        width, height = image.size
        check_bytes(4 * width * height * n, f"{where}: {n} images of {width} x {height} px, as '{file}',")
        return pixels(image, f"{where}: '{file}'")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, a NUL
        return False


def pixels(image: Image.Image, where: str) -> Array:
    """Grey (H, W) or colour (H, W, 3): uint8, or float32 in 0..1 for deeper images."""
    image = ImageOps.exif_transpose(image)  # upright, as the viewer shows it in which points are marked
    mode = image.mode
    if mode[0] in "IF":
        deep: Array = np.asarray(image).astype(np.float64)
        if not np.isfinite(deep).all() or (mode[0] == "I" and not 0 <= deep.min() <= deep.max() <= 65535):
            raise DataError(f"{where} holds NaN or values outside 0..65535; save it with 8 or 16 bits")
        return (deep / 65535 if mode[0] == "I" else deep).astype(np.float32)
    grey = mode in ("1", "L", "LA")
    if "A" in image.getbands() or "transparency" in image.info:
        # on white, as viewers show it: the pixels under full transparency can be anything
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    found: Array = np.asarray(image.convert("L" if grey else "RGB"))
    # a palette tells by its colours alone whether it is grey
    return found[..., 0] if mode[0] == "P" and (found == found[..., :1]).all() else found
