"""Small images of filled shapes, with boxes by the pixels that are covered, and the top and the foot as keypoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from spoton.fastai import Annotations, BoxRecord

SHAPES = ("square", "disc", "tent")


def shape(kind: int, w: int, h: int) -> Any:
    """The pixels of a shape in its box."""
    y, x = np.mgrid[0:h, 0:w] + 0.5
    if kind == 1:
        return np.ones((h, w), dtype=bool)
    if kind == 2:
        return (2 * x / w - 1) ** 2 + (2 * y / h - 1) ** 2 <= 1
    return abs(2 * x / w - 1) <= y / h


def scenes(folder: Path, n: int, size: int = 64, most: int = 3, points: bool = False, seed: int = 0) -> Annotations:
    """`n` images of 1 to `most` shapes that do not touch."""
    rng = np.random.RandomState(seed)
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for i in range(n):
        image = (rng.randint(60) + rng.randint(0, 30, (size, size, 3))).astype(np.uint8)
        boxes: list[list[int]] = []
        labels, keypoints = [], []
        for _ in range(rng.randint(1, most + 1)):
            w, h = rng.randint(12, 25, 2)
            left, top = rng.randint(0, size - w), rng.randint(0, size - h)
            if any(left <= b[2] and b[0] <= left + w and top <= b[3] and b[1] <= top + h for b in boxes):
                continue
            kind = rng.randint(1, 4)
            image[top : top + h, left : left + w][shape(kind, w, h)] = rng.randint(120, 256, 3)
            ys, xs = np.nonzero(shape(kind, w, h))
            box = [left + xs.min(), top + ys.min(), left + xs.max() + 1, top + ys.max() + 1]
            middle = (box[0] + box[2]) / 2
            boxes.append([int(v) for v in box])
            labels.append(kind)
            keypoints.append([[middle, box[1] + 0.5], [middle, box[3] - 0.5]])
        path = folder / f"{i:04d}.png"
        Image.fromarray(image).save(path)
        records.append(BoxRecord(path, (size, size), boxes, labels, keypoints if points else None))
    return Annotations(records, SHAPES)
