"""`read_coco`: annotations as COCO's JSON has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spoton.errors import DataError
from spoton.fastai._box_data import Annotations
from spoton.fastai._box_files import image_of, numbers, record_of, size_from, size_of, text_of


def read_coco(file: str | Path, images: str | Path, *, keypoint_shift: float = 0.0, bad: str = "refuse") -> Annotations:
    """Annotations of a COCO file.

    COCO's boxes [left, top, width, height] count from the image's top-left edge, so left + width is the right edge.
    Its keypoints are read in the same frame, as torchvision's own training reads them. Where a file counts them from
    the centre of the top-left pixel, as indices of pixels do, `keypoint_shift=0.5` moves them there.

    Args:
        file: the JSON file: an object with `images`, `annotations` and `categories`.
        images: the folder of the images.
        keypoint_shift: added to x and y of each keypoint, in pixels.
        bad: `refuse` boxes without area or outside of the image; or `drop` them, and clip what stands out.

    Returns:
        Annotations: images in the order of the file; labels 1, 2, ... by ascending id of the categories. Areas and
        crowds are kept; masks are not read. A keypoint that is not labelled has v = 0.

    Raises:
        DataError: no JSON or no COCO file, a missing image, an unknown or repeated id, a box that is refused, numbers
            of keypoints that differ; the message names the file and the id.
        UsageError: another word as `bad`.

    Example:
        >>> train = read_coco("instances_train.json", "train")  # doctest: +SKIP
    """
    try:
        # NaN is no JSON, but Python reads it: boxes with it are refused by their records
        content = json.loads(text_of(file))
    except json.JSONDecodeError as error:
        raise DataError(f"{file}, line {error.lineno}: this is no JSON ({error.msg}); give a COCO file") from error
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits, lists in lists in lists
        raise DataError(f"{file}: this is no JSON that can be read ({error}); give a COCO file") from error
    tables = {name: _rows(file, content, name) for name in ("images", "annotations", "categories")}
    categories = sorted(tables["categories"].items(), key=lambda item: (isinstance(item[0], str), item[0]))
    labels = {key: i for i, (key, _) in enumerate(categories, 1)}
    names = [str(category.get("name", key)) for key, category in categories]
    if not names or len(set(names)) != len(names):
        raise DataError(f"{file}: categories need one name or more, each once, they are {names}")

    points = _points(file, tables["annotations"])
    objects: dict[Any, list[dict[str, Any]]] = {key: [] for key in tables["images"]}
    for key, thing in tables["annotations"].items():
        where = f"annotation {key}"
        if not _known(thing.get("image_id"), objects):
            raise DataError(f"{file}, {where}: no image has the id {thing.get('image_id')!r}; mend the file")
        if not _known(thing.get("category_id"), labels):
            known = ", ".join(map(str, labels))
            raise DataError(
                f"{file}, {where}: no category has the id {thing.get('category_id')!r}, they are {known}; mend the file"
            )
        left, top, width, height = numbers(f"{file}, {where}, bbox", thing.get("bbox", ()), 4)
        objects[thing["image_id"]].append(
            {
                "where": where,
                "box": (left, top, left + width, top + height),
                "label": labels[thing["category_id"]],
                "keypoints": _keypoints(file, where, thing, points, keypoint_shift),
                "area": numbers(f"{file}, {where}, area", [thing["area"]])[0] if "area" in thing else None,
                "crowd": bool(thing.get("iscrowd", 0)),
            }
        )
    records = []
    for key, image in tables["images"].items():
        path = image_of(f"{file}, image {key}", images, str(image.get("file_name", "")))
        declared = image.get("width"), image.get("height")
        size = size_of(path) if None in declared else size_from(f"{file}, image {key}, width and height", declared)
        records.append(record_of(str(file), path, size, objects[key], bad))
    return Annotations(records, names)


def _rows(file: str | Path, content: Any, name: str) -> dict[Any, dict[str, Any]]:
    """id -> row of one of the tables."""
    rows = content.get(name) if isinstance(content, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{file} has no list called '{name}'; a COCO file has images, annotations and categories")
    found: dict[Any, dict[str, Any]] = {}
    for i, row in enumerate(rows):
        # files without ids of annotations are common, and those ids are used for nothing
        key = row.get("id", i if name == "annotations" else None)
        if not isinstance(key, int | str):
            raise DataError(f"{file}: number {i} of {name} has the id {key!r}; give each a number")
        if key in found:
            raise DataError(f"{file}: the id {key!r} comes twice in {name}; give each its own")
        found[key] = row
    return found


def _known(key: Any, table: Mapping[Any, Any]) -> bool:
    return isinstance(key, int | str) and key in table


def _points(file: str | Path, things: dict[Any, dict[str, Any]]) -> int:
    """The number of keypoints of an object; 0 where none has any."""
    held = [thing["keypoints"] for thing in things.values() if thing.get("keypoints")]
    if wrong := next((points for points in held if not isinstance(points, list)), None):
        raise DataError(f"{file}: keypoints are lists of numbers x, y, v, not {wrong!r}; mend the file")
    counts = {len(points) for points in held}
    if len(counts) > 1 or any(count % 3 for count in counts):
        raise DataError(f"{file}: keypoints are x, y, v of the same number of points everywhere, not {sorted(counts)}")
    return counts.pop() // 3 if counts else 0


def _keypoints(file: str | Path, where: str, thing: dict[str, Any], points: int, shift: float) -> Any:
    if not points:
        return None
    if not thing.get("keypoints"):
        return np.zeros((points, 3))
    found = np.array(numbers(f"{file}, {where}, keypoints", thing["keypoints"], 3 * points)).reshape(points, 3)
    found[found[:, 2] > 0, :2] += shift  # one that is not labelled stands at 0, 0
    return found
