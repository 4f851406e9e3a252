"""Inputs that the user names to have a file checked on: images, or a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from spoton.data import Array
from spoton.errors import DataError, UsageError
from spoton.models import Card
from spoton.tasks._readers import Rows, read_images, read_sheet

MOST = 1000  # files
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm")


def read_inputs(paths: Sequence[Path], card: Card) -> Array | pd.DataFrame:
    """What a model can predict, from files.

    Args:
        paths: image files, and folders of them; or one table.
        card: of the model.

    Raises:
        UsageError: several tables, or no image.
        DataError: a file cannot be read.
    """
    if card.inputs["kind"] == "table":
        if len(paths) != 1:
            raise UsageError(f"this model takes a table: name one .csv or .parquet file, not {len(paths)}")
        sheet = read_sheet(paths[0])
        return pd.DataFrame(sheet.read()[0], columns=sheet.columns)
    files = [file for path in paths for file in (_inside(path) if path.is_dir() else [path])][:MOST]
    if not files:
        raise UsageError(f"there are no images in {', '.join(map(str, paths))}; name image files, or folders of them")
    images = [read_images(file.parent, [file.name], Rows("the list"))[0] for file in files]
    for file, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            raise DataError(f"{file} is of another size than {files[0]}, or in colour; name images of one form")
    X = np.stack(images)
    channels = card.inputs["shape"][0]
    return np.repeat(X, channels, axis=1) if X.shape[1] == 1 else X  # a grey image fills all channels


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
