"""Predictions for files: a table of them as CSV, and pictures with the points in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from spoton.data import Array
from spoton.errors import DataError, UsageError
from spoton.models._files import Source
from spoton.models._model import Model

ROWS = 64  # images that are read and held at once


def predict_files(
    model: Model,
    source: Source,
    *,
    pictures: Path | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> Array:
    """Answers to all rows of a source.

    Args:
        model: a model.
        source: of `open_inputs`.
        pictures: folder for the images with their points drawn in; made where it is not there.
        on_rows: is told how many rows are done, part by part.

    Returns:
        (n, k) as `Model.predict`.

    Raises:
        UsageError: pictures of a model that gives no points or takes no images.
        DataError: inputs that are not like those of the fit, or a picture that cannot be written.
    """
    if pictures is not None and not (model.card.answers["points"] and model.card.inputs["kind"] == "images"):
        raise UsageError("--overlay draws points on images, and this model answers none; leave it out")
    found = np.empty((len(source.names), len(model.card.answers["columns"])))
    for start in range(0, len(found), ROWS):
        stop = min(start + ROWS, len(found))
        inputs, labels = source.read(start, stop)
        for rows in _of_one_size(inputs):
            told = None if labels is None else labels[rows]
            found[start + rows] = model.predict(np.stack([inputs[row] for row in rows]), told)
        if pictures is not None:
            for row, image in enumerate(inputs):
                _draw(pictures, source.names[start + row], image, found[start + row], model)
        if on_rows is not None:
            on_rows(stop - start)
    return found


def _of_one_size(inputs: list[Array]) -> Iterator[Array]:
    """Rows whose inputs have the same shape."""
    shapes = [value.shape for value in inputs]
    for shape in dict.fromkeys(shapes):
        yield np.array([row for row, other in enumerate(shapes) if other == shape])


def _draw(folder: Path, name: str, image: Array, answers: Array, model: Model) -> None:
    from spoton.models._overlay import overlay

    # the ending stays within the name, so that a.png and a.jpg have a picture each
    path = folder / (name if name.lower().endswith(".png") else f"{name}.png")
    if ".." in Path(name).parts or Path(name).anchor:
        raise UsageError(f"'{name}' lies outside of the folder of images; predict from the folder around all of them")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        overlay(image, answers, model.card).save(path)
    except OSError as error:
        raise DataError(
            f"the picture {path} cannot be written ({error.strerror or error}); name another folder"
        ) from error


def to_csv(model: Model, source: Source, answers: Array) -> str:
    """The answers as CSV, each number the shortest that is read back as it is.

    For images with points it is what `Task.from_folder` and --points take: `file`, then NAME_x,NAME_y in pixels.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([source.column, *model.card.answers["columns"]])
    for name, row in zip(source.names, answers.tolist(), strict=True):
        writer.writerow([name, *(int(value) if model.card.task["kind"] == "class" else repr(value) for value in row)])
    return text.getvalue()
