"""`read_yolo` and `read_boxes_csv`: annotations as lines of text."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spoton.errors import DataError, UsageError
from spoton.fastai._box_data import SHOWN, Annotations
from spoton.fastai._box_files import folder_of, image_of, label_of, listed, numbers, record_of, size_of, text_of

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
COLUMNS = ("image", "left", "top", "right", "bottom", "label")


def read_yolo(
    labels: str | Path,
    images: str | Path,
    classes: Sequence[str],
    *,
    keypoints: tuple[int, int] | None = None,
    bad: str = "refuse",
) -> Annotations:
    """Annotations of a folder of YOLO's text files, one an image of the same name.

    A line is `class x y width height`: the class counted from 0, then the centre and the sides of the box as shares of
    the image's width and height, which count from its edges.

    Args:
        labels: the folder of the text files.
        images: the folder of the images, read in the order of their names. One without a text file has no objects.
        classes: the names of the classes.
        keypoints: (P, 2) or (P, 3) where lines go on with P keypoints, x and y as shares and perhaps COCO's flag v
            (other programs call it `kpt_shape`).
        bad: `refuse` boxes without area or outside of the image; or `drop` them, and clip what stands out.

    Returns:
        Annotations.

    Raises:
        DataError: a text file without its image, a line of other things, a class that is not there, a box that is
            refused; the message names the file and the line.
        UsageError: other keypoints, or another word as `bad`.

    Limits: lines that hold outlines of objects are refused, and so are files with a score a line.

    Example:
        >>> signs = read_yolo("labels/train", "images/train", ["stop", "yield"])  # doctest: +SKIP
    """
    points, dims = keypoints or (0, 2)
    if keypoints is not None and (points < 1 or dims not in (2, 3)):
        raise UsageError(f"keypoints are (P, 2) or (P, 3), not {keypoints}")
    folder, paths = folder_of(labels), [p for p in listed(folder_of(images), "*") if p.suffix.lower() in IMAGES]
    texts = {file.stem: file for file in listed(folder, "*.txt") if file.name != "classes.txt"}
    stems = [path.stem for path in paths]
    if twice := sorted(stem for stem, count in Counter(stems).items() if count > 1):
        raise DataError(f"{images} has two images called {twice[0]}, and one text file cannot be of both; rename one")
    if lost := sorted(set(texts) - set(stems)):
        raise DataError(f"{texts[lost[0]]}: the image {Path(images) / lost[0]} is missing; leave out the file")
    records = []
    for path in paths:
        size, objects = size_of(path), []
        if path.stem in texts:
            file = texts[path.stem]
            for i, line in enumerate(text_of(file).splitlines(), 1):
                if line.strip():
                    found = _yolo_line(f"{file}, line {i}", line.split(), size, len(classes), points, dims)
                    objects.append(found | {"where": f"line {i}"})
        records.append(record_of(str(texts.get(path.stem, path)), path, size, objects, bad))
    return Annotations(records, classes)


def _yolo_line(
    where: str, words: list[str], size: tuple[int, int], classes: int, points: int, dims: int
) -> dict[str, Any]:
    if len(words) != 5 + points * dims:
        raise DataError(
            f"{where}: {5 + points * dims} numbers are expected, there are {len(words)}; for keypoints behind the box"
            " give keypoints=(P, 2) or (P, 3)"
        )
    number, x, y, width, height, *rest = numbers(where, words)
    if not (number.is_integer() and 0 <= number < classes):
        raise DataError(f"{where}: there are {classes} classes, counted from 0, and no class {words[0]}")
    with np.errstate(over="ignore"):  # what is infinite then is refused with its place
        box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2]) * np.tile(size, 2)
    found: dict[str, Any] = {"box": box, "label": int(number) + 1}
    if points:
        table = np.array(rest).reshape(points, dims)
        flags = table[:, 2:] if dims == 3 else np.full((points, 1), float(SHOWN))
        with np.errstate(over="ignore"):
            found["keypoints"] = np.concatenate([table[:, :2] * size, flags], axis=1)
    return found


def read_boxes_csv(
    file: str | Path, images: str | Path, classes: Sequence[str] | None = None, *, bad: str = "refuse"
) -> Annotations:
    """Annotations of a CSV file with the columns image, left, top, right, bottom, label, one object a row.

    Sides are in pixels from the image's top-left edge: the box of the pixels 3 to 5 goes from 3 to 6. An image without
    objects has one row, with its name alone.

    Args:
        file: the CSV file. Columns may come in any order, and others are passed over.
        images: the folder of the images.
        classes: the names of the classes; by default those in the file, sorted.
        bad: `refuse` boxes without area or outside of the image; or `drop` them, and clip what stands out.

    Returns:
        Annotations: images in the order in which they first come.

    Raises:
        DataError: a column that is missing, a missing image, a class that is not in `classes`, a box that is refused;
            the message names the file and the line.
        UsageError: another word as `bad`.

    Example:
        >>> parts = read_boxes_csv("parts.csv", "photos")  # doctest: +SKIP
    """
    table = csv.DictReader(io.StringIO(text_of(file), newline=""), skipinitialspace=True)
    try:
        head = list(table.fieldnames or ())
    except csv.Error as error:
        raise DataError(f"{file}, line 1: this is not CSV ({error}); check its quotes") from error
    if missing := [name for name in COLUMNS if name not in head]:
        raise DataError(
            f"{file} lacks the columns {', '.join(missing)}; its first line has to name {', '.join(COLUMNS)}, and is"
            f" {', '.join(head) or 'empty'}"
        )
    try:
        rows = [(table.line_num, {name: (row.get(name) or "").strip() for name in COLUMNS}) for row in table]
    except csv.Error as error:
        raise DataError(f"{file}, line {table.line_num + 1}: this is not CSV ({error}); check its quotes") from error
    names = sorted({row["label"] for _, row in rows} - {""}) if classes is None else list(classes)
    if not names:
        raise DataError(f"{file} has no labels; give classes where no image has objects")
    labels = {name: i for i, name in enumerate(names, 1)}
    objects: dict[str, list[dict[str, Any]]] = {}
    lines: dict[str, int] = {}
    for line, row in rows:
        lines.setdefault(row["image"], line)
        held = objects.setdefault(row["image"], [])
        if any(row[name] for name in COLUMNS[1:]):
            where = f"{file}, line {line}"
            sides = numbers(where, [row[name] for name in COLUMNS[1:5]], 4)
            held.append({"where": f"line {line}", "box": sides, "label": label_of(where, row["label"], labels)})
    records = []
    for name, things in objects.items():
        path = image_of(f"{file}, line {lines[name]}", images, name)
        records.append(record_of(str(file), path, size_of(path), things, bad))
    return Annotations(records, names)
