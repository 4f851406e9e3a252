"""`Annotations`: which objects are where in which image, whatever file said so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError, UsageError

ROOM = 0.5  # pixels that a box may stand out of its image by rounding; it is clipped
SHOWN = 2  # COCO's flag of a keypoint that is visible


@dataclass(frozen=True, eq=False)
class BoxRecord:
    """One image and its objects.

    Boxes and keypoints are in pixels from the image's top-left EDGE, as in COCO and torchvision: the centre of the
    top-left pixel is (0.5, 0.5), and the box of the pixels 3 to 5 goes from 3 to 6. Its width is right - left.

    Args:
        path: the image file.
        size: (W, H) of the image in pixels.
        boxes: (k, 4), left, top, right, bottom; k may be 0.
        labels: (k,), whole numbers from 1.
        keypoints: (k, P, 2), x and y; or (k, P, 3) with COCO's flag v: 0 not labelled, 1 hidden, 2 visible.
        areas: (k,), what COCO calls the area of an object; that of its box by default. Keypoints are scored by it.
        crowds: (k,), True for a box around many objects that are not told apart: never learned, never held against
            a prediction.

    Raises:
        DataError: shapes or values that cannot be meant; the message names the file and the number of the object.
    """

    path: Path
    size: tuple[int, int]
    boxes: Any
    labels: Any
    keypoints: Any = None
    areas: Any = None
    crowds: Any = None

    def __post_init__(self) -> None:
        boxes = _table(self, "boxes", self.boxes, (4,))
        n = len(boxes)
        keypoints = None
        if self.keypoints is not None:
            keypoints = np.asarray(self.keypoints, dtype=np.float64)
            if keypoints.ndim != 3 or len(keypoints) != n or keypoints.shape[2] not in (2, 3):
                raise DataError(f"{self.path}: keypoints are (k, P, 2 or 3) for k = {n} boxes, not {keypoints.shape}")
            if keypoints.shape[2] == 2:
                keypoints = np.concatenate([keypoints, np.full((*keypoints.shape[:2], 1), float(SHOWN))], axis=2)
        with np.errstate(over="ignore"):  # of boxes that are refused in a moment
            sides = boxes[:, 2:] - boxes[:, :2]
            own_areas = sides.prod(axis=1)
        values: dict[str, Any] = {
            "path": Path(self.path),
            "size": (int(self.size[0]), int(self.size[1])),
            "boxes": boxes,
            "labels": _table(self, "labels", self.labels).astype(np.int64),
            "keypoints": keypoints,
            "areas": own_areas if self.areas is None else _table(self, "areas", self.areas),
            "crowds": np.zeros(n, dtype=bool) if self.crowds is None else _table(self, "crowds", self.crowds) > 0,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if any(len(values[name]) != n for name in ("labels", "areas", "crowds")):
            raise DataError(f"{self.path} has {n} boxes and {len(self.labels)} labels; give one label a box")
        self._check()

    def _check(self) -> None:
        for name in ("boxes", "keypoints", "areas"):
            value = getattr(self, name)
            finite = value is None or np.isfinite(value).all(axis=tuple(range(1, value.ndim)))
            if not np.all(finite):
                raise DataError(
                    f"{self.path}: the {name} of object {int(np.argmin(finite)) + 1} are NaN or infinite; mend the file"
                )
        for i, box in enumerate(self.boxes):
            if reason := reason_against(box, self.size):
                raise DataError(f"{self.path}: the box of object {i + 1} {reason}")
        # what stands out by rounding alone
        object.__setattr__(self, "boxes", np.clip(self.boxes, 0, np.tile(self.size, 2).astype(np.float64)))

    def __len__(self) -> int:
        return len(self.boxes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BoxRecord):
            return NotImplemented
        arrays = ("boxes", "labels", "keypoints", "areas", "crowds")
        same = all(np.array_equal(getattr(self, name), getattr(other, name)) for name in arrays)
        return same and (self.path, self.size) == (other.path, other.size)

    __hash__ = None  # type: ignore[assignment]  # arrays can be changed


def _table(record: BoxRecord, name: str, values: Any, inner: tuple[int, ...] = ()) -> Array:
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{record.path}: {name} have to be numbers ({error})") from error
    if not table.size:
        table = table.reshape(0, *inner)
    if table.ndim != 1 + len(inner) or table.shape[1:] != inner:
        raise DataError(f"{record.path}: {name} have the shape {('k', *inner)}, not {table.shape}")
    return table


def reason_against(box: Any, size: Sequence[int]) -> str:
    """Why a box cannot be learned; empty where it can."""
    left, top, right, bottom = (float(v) for v in box)
    said = f"({left:g}, {top:g}, {right:g}, {bottom:g})"
    if not (right > left and bottom > top):
        return f"has no area, it is {said}; give left < right and top < bottom, or read with bad='drop'"
    if left < -ROOM or top < -ROOM or right > size[0] + ROOM or bottom > size[1] + ROOM:
        return (
            f"lies outside of its image, {size[0]} pixels wide and {size[1]} high: it is {said}; mend the file, or read"
            " with bad='drop'"
        )
    return ""


class Annotations(Sequence[BoxRecord]):
    """The objects of a set of images: a sequence of `BoxRecord`.

    Args:
        records: one an image; images without objects are images too.
        classes: the names of the labels 1, 2, ...

    Attributes:
        records, classes: as given.

    Raises:
        DataError: an image twice, a label without a name, or not the same number of keypoints everywhere.
        UsageError: no classes, or one twice.

    Example:
        >>> digits = Annotations([BoxRecord("a.png", (64, 48), [[3, 4, 9, 20]], [2])], ["one", "seven"])
        >>> len(digits), digits.to_coco()["annotations"][0]["bbox"]
        (1, [3.0, 4.0, 6.0, 16.0])
    """

    def __init__(self, records: Sequence[BoxRecord], classes: Sequence[str]) -> None:
        self.records, self.classes = list(records), [str(name) for name in classes]
        if not self.classes or len(set(self.classes)) != len(self.classes):
            raise UsageError(f"classes are one name or more, each once, not {self.classes}")
        seen: set[Path] = set()
        points: set[int] = set()
        for record in self.records:
            if record.path in seen:
                raise DataError(f"{record.path} comes twice; put all objects of an image into one record")
            seen.add(record.path)
            wrong = (record.labels < 1) | (record.labels > len(self.classes))
            if wrong.any():
                i = int(np.argmax(wrong))
                raise DataError(
                    f"{record.path}: the label of object {i + 1} is {record.labels[i]}, and there are"
                    f" {len(self.classes)} classes, counted from 1"
                )
            if len(record):
                points.add(0 if record.keypoints is None else record.keypoints.shape[1])
        if len(points) > 1:
            raise DataError(f"all objects need the same number of keypoints, there are {sorted(points)}")
        self.n_keypoints = points.pop() if points else 0

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, i: Any) -> Any:
        """A record; of a slice, Annotations."""
        return Annotations(self.records[i], self.classes) if isinstance(i, slice) else self.records[i]

    def __iter__(self) -> Iterator[BoxRecord]:
        return iter(self.records)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Annotations):
            return NotImplemented
        return self.classes == other.classes and self.records == other.records

    __hash__ = None  # type: ignore[assignment]  # its records can be changed

    def __repr__(self) -> str:
        counts = f"{len(self)} images, {sum(map(len, self))} objects, {self.n_keypoints} keypoints"
        return f"Annotations({counts}: {', '.join(self.classes)})"

    @property
    def paths(self) -> list[Path]:
        """The image files."""
        return [record.path for record in self.records]

    def subset(self, rows: Sequence[int]) -> Annotations:
        """Some of the images, with all classes.

        Args:
            rows: their numbers, from 0.

        Raises:
            UsageError: a number that no image has.
        """
        chosen = [int(i) for i in rows]
        if chosen and not (min(chosen) >= 0 and max(chosen) < len(self)):
            raise UsageError(f"images are numbered from 0 to {len(self) - 1}, not {min(chosen)} to {max(chosen)}")
        return Annotations([self.records[i] for i in chosen], self.classes)

    def to_coco(self) -> dict[str, Any]:
        """All of it as COCO's dict, which `json.dump` writes and pycocotools takes.

        Images are numbered from 1 in their order, and so are objects; a box is [left, top, width, height].
        """
        images: list[dict[str, Any]] = []
        objects: list[dict[str, Any]] = []
        for row, record in enumerate(self.records, 1):
            width, height = record.size
            images.append({"id": row, "file_name": record.path.as_posix(), "width": width, "height": height})
            for i, (left, top, right, bottom) in enumerate(record.boxes.tolist()):
                found: dict[str, Any] = {
                    "id": len(objects) + 1,
                    "image_id": row,
                    "category_id": int(record.labels[i]),
                    "bbox": [left, top, right - left, bottom - top],
                    "area": float(record.areas[i]),
                    "iscrowd": int(record.crowds[i]),
                }
                if record.keypoints is not None:
                    found["keypoints"] = record.keypoints[i].ravel().tolist()
                    found["num_keypoints"] = int((record.keypoints[i, :, 2] > 0).sum())
                objects.append(found)
        names: list[dict[str, Any]] = [{"id": i, "name": name} for i, name in enumerate(self.classes, 1)]
        if self.n_keypoints:
            for category in names:
                category["keypoints"] = [str(p) for p in range(self.n_keypoints)]
        return {"images": images, "annotations": objects, "categories": names}
