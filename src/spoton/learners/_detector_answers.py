"""How the answers of a task become objects that detectors find, and back: boxes, points, or keypoints of one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spoton import frames
from spoton.data import Array
from spoton.errors import DataError

SIDE = 8  # pixels: the box that stands for a point
PAD = SIDE // 2  # blank pixels around images, so that such a box lies inside them
ROOM = 2  # pixels around keypoints: the box of the one object that has them


@dataclass(frozen=True)
class Layout:
    """What the columns of the answers are.

    Attributes:
        kind: `boxes` (left, top, right, bottom, in turn), `points` (x, y), or `keypoints` (points of one object).
        count: objects an image.
        by_left: their order is that of their left edges; else each place in the answers is a class of its own.
        width: columns an object.
    """

    kind: str
    count: int
    by_left: bool

    @staticmethod
    def of(answers: Array, keypoints: bool) -> Layout:
        """The layout of answers (n, k) in pixels.

        Raises:
            DataError: an odd number of columns, or none.
        """
        n, k = answers.shape
        if k % 2 or not k:
            raise DataError(f"detectors find boxes and points, pairs of x and y; these answers have {k} columns")
        if keypoints:
            return Layout("keypoints", 1, True)
        corners = answers.reshape(n, -1, 2)
        boxes = k % 4 == 0 and bool((corners[:, 1::2] >= corners[:, ::2]).all())
        lefts = answers.reshape(n, -1, 4 if boxes else 2)[..., 0]
        in_order = lefts.shape[1] == 1 or bool((np.diff(lefts, axis=1) >= 0).all())
        return Layout("boxes" if boxes else "points", lefts.shape[1], in_order)

    @property
    def width(self) -> int:
        """Columns an object; 0 for keypoints, which are all of one."""
        return {"boxes": 4, "points": 2, "keypoints": 0}[self.kind]

    @property
    def pad(self) -> int:
        """Pixels to put around the images."""
        return PAD if self.kind == "points" else 0

    @property
    def classes(self) -> list[str]:
        """Names for the detector."""
        return ["object"] if self.by_left else [f"place {i + 1}" for i in range(self.count)]

    @staticmethod
    def check_inside(answers: Array, size: tuple[int, int]) -> None:
        """Refuse points and corners outside of the images.

        Args:
            answers: (n, k) in pixels.
            size: (W, H).

        Raises:
            DataError: one outside; the message names the row.
        """
        points = answers.reshape(len(answers), -1, 2)
        low, high = np.array([frames.edges_px(side) for side in size]).T
        outside = (points < low) | (points > high)
        if outside.any():
            row, place = np.argwhere(outside.any(axis=2))[0]
            x, y = points[row, place]
            raise DataError(
                f"row {row} of y has the point ({x:g}, {y:g}), outside of its image, {size[0]} pixels wide and"
                f" {size[1]} high; a point is (x, y), from (0, 0) in the centre of the top-left pixel"
            )

    def record(self, answers: Array, size: tuple[int, int]) -> dict[str, Any]:
        """Boxes, labels and keypoints of one image, in torchvision's frame: pixels from the edge.

        Args:
            answers: (k,) in pixels, (0, 0) the centre of the top left one.
            size: (W, H) without the pad.
        """
        if self.kind == "keypoints":
            points = answers.reshape(1, -1, 2) + 0.5
            low = (points.min(axis=1) - ROOM).clip(0)
            high = np.minimum(points.max(axis=1) + ROOM, size)
            return {"boxes": np.hstack([low, high]), "labels": [1], "keypoints": points}
        if self.kind == "boxes":
            boxes = answers.reshape(-1, 4) + np.array([0.0, 0.0, 1.0, 1.0])
        else:
            centres = answers.reshape(-1, 2) + 0.5 + self.pad
            boxes = np.hstack([centres - SIDE / 2, centres + SIDE / 2])
        return {"boxes": boxes, "labels": [1] * self.count if self.by_left else list(range(1, self.count + 1))}

    def answers(self, found: dict[str, Any], mean: Array) -> Array:
        """(k,) answers of one image.

        Args:
            found: of `predict_boxes`, the best score first.
            mean: (k,) what stands where too few objects are found.
        """
        if self.kind == "keypoints":
            if not len(found["boxes"]):
                return mean
            points = np.asarray(found["keypoints"], dtype=np.float64)[0, :, :2] - 0.5
            return points.ravel()
        boxes = np.asarray(found["boxes"], dtype=np.float64).reshape(-1, 4)
        if self.by_left:
            chosen = boxes[: self.count]
            chosen = chosen[np.argsort(chosen[:, 0], kind="stable")]
            places = list(range(len(chosen)))
        else:
            named = [self.classes.index(label) for label in found["labels"]]
            places = list(dict.fromkeys(named))  # of each class the best
            chosen = boxes[[named.index(place) for place in places]]
        if self.kind == "boxes":
            values = chosen - np.array([0.0, 0.0, 1.0, 1.0])
        else:
            values = (chosen[:, :2] + chosen[:, 2:]) / 2 - 0.5 - self.pad
        answer: Array = mean.reshape(-1, self.width).copy()
        answer[places] = values
        return answer.ravel()
