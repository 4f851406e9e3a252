"""The rows of a split, packed for the page: right answers once for all runs, predictions in two bytes each."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from spoton.data import Array
from spoton.gallery import Answers
from spoton.report._pool import short

ROWS = 200  # of a split: more are thinned evenly; a split is in random order, so any part of it is fair
OUTPUTS = 8
IMAGES = 12
SIDE = 56  # pixels: larger images are shown smaller
FAR = 3.0  # ranges of the answers: predictions farther out are drawn at that edge
TOP = 32_000


class Side:
    """One split of one task: what all learners met there.

    Args:
        held: of any run on it.
        name: `valid` or `test`.
    """

    def __init__(self, held: Answers, name: str) -> None:
        self.n = len(held.data)
        self.rows = np.unique(np.linspace(0, self.n - 1, min(self.n, ROWS)).astype(int))
        self._outputs = min(OUTPUTS, len(held.columns))
        actual = held.actual[:, : self._outputs]
        low, high = actual.min(axis=0), actual.max(axis=0)
        wide = np.maximum(high - low, 1e-12)
        self._low, self._high = low - FAR * wide, high + FAR * wide
        # a power of two: whole pixels and halves stay exact
        largest = np.maximum(np.abs(self._low), np.abs(self._high))
        self._scale = 2.0 ** np.floor(np.log2(TOP / largest))
        self._difficulty = np.zeros(len(self.rows))
        labels, X = held.data.labels, held.data.X
        # of the rows alone that are shown: the data of all tasks together may be large
        self._labels = None if labels is None else [int(label) for label in labels[self.rows]]
        self._images = np.asarray(X)[self.rows] if held.data.images else None
        self._about = {
            "side": name,
            "n": self.n,
            "shown": len(self.rows),
            "cols": held.columns[: self._outputs],
            "of": len(held.columns),
            "pairs": [pair for pair in held.pairs if max(pair) < self._outputs],
            "kind": held.task.kind,
            "whole": held.task.whole,
            "scale": [short(float(value), 12) for value in self._scale],
            "a": self._bytes(held.actual[self.rows, : self._outputs]),
            "centre": [short(float(value)) for value in held.centre[: self._outputs]],
            **({} if held.size is None else {"size": list(held.size)}),
        }

    def packed(self, held: Answers) -> dict[str, Any]:
        """The predictions of one run on the rows that are shown."""
        predicted = held.predicted[self.rows, : self._outputs]
        error = held.errors[self.rows]
        self._difficulty += np.argsort(np.argsort(error)) / max(len(error), 1)
        whole = held.predicted[:, : self._outputs]
        far = int(((whole < self._low) | (whole > self._high)).any(axis=1).sum())
        return {"d": self._bytes(predicted), **({"far": far} if far else {})}

    def _bytes(self, values: Array) -> str:
        inside = np.clip(values, self._low, self._high)
        return base64.b64encode(np.rint(inside * self._scale).astype("<i2").tobytes()).decode()

    def record(self) -> dict[str, Any]:
        """What the page needs of the split itself."""
        found: dict[str, Any] = dict(self._about)
        if self._labels is not None:
            found["labels"] = self._labels
        if self._images is not None:
            places = self._hardest()
            found["images"] = {"at": [int(i) for i in places], **sprite(self._images[places])}
        return found

    def _hardest(self) -> Array:
        """Places of the images that are shown: two thirds that all learners found hardest, the others as they come."""
        number = min(IMAGES, len(self.rows))
        hard = np.argsort(-self._difficulty, kind="stable")[: -(-2 * number // 3)]
        others = [i for i in range(len(self.rows)) if i not in set(hard.tolist())]
        return np.concatenate([hard, others[: number - len(hard)]]).astype(int)


def sprite(images: Array) -> dict[str, Any]:
    """These images side by side in one small picture.

    Returns:
        `src`, a data URI; `w` and `h`, pixels of one image in it.
    """
    from PIL import Image, features

    parts = []
    for image in images.astype(np.float64):
        image = image if image.shape[0] in (1, 3) else image.mean(axis=0, keepdims=True)
        pixels = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
        made = Image.fromarray(pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, 2))
        if max(made.size) > SIDE:
            made.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
        parts.append(np.asarray(made))
    strip, held = Image.fromarray(np.concatenate(parts, axis=1)), io.BytesIO()
    kind = "webp" if features.check("webp") else "png"
    if kind == "webp":
        strip.save(held, "webp", lossless=True, quality=90, method=4)
    else:
        strip.save(held, "png", optimize=True)
    uri = f"data:image/{kind};base64," + base64.b64encode(held.getvalue()).decode()
    return {"src": uri, "w": int(parts[0].shape[1]), "h": int(parts[0].shape[0])}
