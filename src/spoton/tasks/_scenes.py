"""Scenes: several real digits on one canvas. `scenes/boxes?objects=4&size=80&haze=40`, `scenes/points`.

The number of digits is fixed by the task, and the answers come from left to right by the left edge of the digits' ink
boxes, so a linear model, a net and a detector are asked the same question. No two left edges of a scene are equal.

What makes the answers exact to find: the ink of one digit hangs together over gaps of two blank pixels at most (the 1 %
of MNIST's digits that fall further apart are left out), and between the ink boxes of two digits there are three blank
rows or columns at least. So two ink pixels belong to one digit if a walk over ink with steps of at most three pixels
leads from one to the other, and the oracle finds the digits by that.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from spoton import ink as geometry
from spoton.data import Array, PointData
from spoton.errors import DataError, UsageError
from spoton.ink import Ink, Ints
from spoton.tasks import _variants
from spoton.tasks._digits import Digits
from spoton.tasks._family import Option, TaskFamily, whole
from spoton.tasks._oracles import RuleOracle
from spoton.tasks._ordered import Pairs, ordered
from spoton.tasks._pnist import ALL, INK_SIZE, SOURCE_OPTIONS, load_digits
from spoton.tasks._pnist import OPTIONS as OF_PNIST
from spoton.tasks._task import Loaded, Task
from spoton.tasks._variants import Look

GAP = 3  # blank rows or columns between two digits; within one, gaps are narrower
FULLEST = 0.48  # share of the canvas that digits of full size may take, each with its gap: above, placing takes long
TEST_ROWS = 2000
BATCH = 50_000  # placements that are tried at once
SIDES = ("left", "top", "right", "bottom")
FLAT = np.zeros((3, 3, 3), dtype=bool)  # the eight neighbours in one image, none in the next
FLAT[1] = True

OPTIONS = {
    "objects": Option(whole(1, 6), 3, "number of digits in each scene"),
    "size": Option(whole(28, 512), 64, "canvas of that many pixels a side"),
    "rows": Option(whole(2, 1_000_000), 2000, "number of scenes to train and validate on"),
    "digits": replace(OF_PNIST["digits"], default=ALL),
    **SOURCE_OPTIONS,
    **{key: _variants.OPTIONS[key] for key in ("specks", "haze")},
}


@dataclass(frozen=True)
class SceneObjects:
    """The digits of n scenes with K digits each, from left to right; pixels in frame `px`.

    Attributes:
        boxes: (n, K, 4) left, top, right, bottom of the ink, inclusive.
        points: (n, K, 2) the topleft point (x, y): leftmost ink pixel of the topmost ink row.
        classes: (n, K) the digits themselves.
    """

    boxes: Ints
    points: Ints
    classes: Ints

    def answers(self, member: str) -> tuple[pd.DataFrame, Pairs]:
        """The columns of y of `scenes/<member>`, and the points among them."""
        return ordered(self.boxes, SIDES) if member == "boxes" else ordered(self.points, ("x", "y"))


def usable(digits: Digits, look: Look) -> Digits:
    """The digits whose ink hangs together; without their lone pixels where specks will be added."""
    images = digits.images.copy()
    if look.specks:
        images[geometry.isolated(images > 0)] = 0
    numbers = labelled(np.pad(images > 0, ((0, 0), (1, 1), (1, 1))))
    pieces = np.bincount([place[0].start for place in ndimage.find_objects(numbers)], minlength=len(images))
    keep = pieces == 1
    return Digits(images[keep], digits.labels[keep], digits.index[keep])


def labelled(ink: Ink) -> Array:
    """(n, H, W): 0 without ink, else the number of the digit that the pixel belongs to; none stands in two images."""
    # pixels three apart have touching neighbours
    numbers: Array = ndimage.label(ndimage.binary_dilation(ink, FLAT), FLAT)[0]
    return numbers * ink


def places(sizes: Ints, size: int, random: np.random.RandomState) -> Ints:
    """Random places on the canvas, each allowed arrangement of a scene as likely as any other.

    Args:
        sizes: (n, K, 2) width and height of the ink boxes.
        size: of the canvas.
        random: where the draws come from.

    Returns:
        (n, K, 2) left and top.
    """
    found = np.zeros_like(sizes)
    left = np.arange(len(sizes))
    while left.size:
        tries = max(1, BATCH // left.size)
        wanted = np.repeat(sizes[left, None], tries, axis=1)
        drawn = random.randint(0, size - wanted + 1, dtype=np.int64)
        good = allowed(drawn, wanted)
        done = good.any(axis=1)
        found[left[done]] = drawn[done, good[done].argmax(axis=1)]
        left = left[~done]
    return found


def allowed(corner: Ints, sizes: Ints) -> Ink:
    """Whether all boxes of a scene keep their distance and have different left edges: (..., K, 2) -> (...)."""
    good = np.ones(corner.shape[:-2], dtype=bool)
    for a, b in combinations(range(corner.shape[-2]), 2):
        blank = np.maximum(
            corner[..., a, :] - corner[..., b, :] - sizes[..., b, :],
            corner[..., b, :] - corner[..., a, :] - sizes[..., a, :],
        )
        good &= (blank >= GAP).any(axis=-1) & (corner[..., a, 0] != corner[..., b, 0])
    return good


def scenes(digits: Digits, objects: int, rows: int, look: Look, part: str) -> tuple[Array, SceneObjects]:
    """Scenes without haze and specks, (rows, size, size) uint8, and what is on them.

    Digits are taken in random order, each as often as any other (but for one time where the numbers do not divide).
    """
    # without specks, so that the clean scenes and the noisy ones are the same where no lone pixel was erased
    random = np.random.RandomState(zlib.crc32(f"scenes|{part}|{objects}|{look.size}".encode()))
    needed = rows * objects
    shuffles = [random.permutation(len(digits.images)) for _ in range(-(-needed // len(digits.images)))]
    chosen = np.concatenate(shuffles)[:needed].reshape(rows, objects)
    ink = digits.images > 0
    box, first = geometry.extents(ink), geometry.point(ink, "topleft")
    box_corner = np.stack([box["left"], box["top"]], axis=1)
    sizes = np.stack([box["right"], box["bottom"]], axis=1) - box_corner + 1
    check_room(objects, int(sizes.max()), look.size)
    corner = places(sizes[chosen], look.size, random)
    order = np.argsort(corner[..., 0], axis=1)
    chosen = np.take_along_axis(chosen, order, axis=1)
    corner = np.take_along_axis(corner, order[..., None], axis=1)
    canvas = np.zeros((rows, look.size, look.size), dtype=np.uint8)
    for row, column in np.ndindex(chosen.shape):
        i, (x, y) = chosen[row, column], corner[row, column]
        (left, top), (width, height) = box_corner[i], sizes[i]
        canvas[row, y : y + height, x : x + width] = digits.images[i, top : top + height, left : left + width]
    return canvas, SceneObjects(
        boxes=np.concatenate([corner, corner + sizes[chosen] - 1], axis=2),
        points=corner + (first - box_corner)[chosen],
        classes=digits.labels[chosen],
    )


def check_room(objects: int, side: int, size: int) -> None:
    """Refuse canvases on which `objects` ink boxes of `side` pixels a side can hardly be placed, or not at all."""
    needed = objects * (side + GAP) ** 2
    least = side if objects == 1 else math.ceil(math.sqrt(needed / FULLEST)) - GAP
    if size < least:
        raise UsageError(f"size={size} is too small for {objects} images of {side} pixels; give size={least} or more")


def parts(values: dict[str, Any]) -> dict[str, tuple[Digits, int]]:
    """The digits and the number of scenes of the training and the test part; no digit is twice in the test part."""
    train, test = load_digits(values["digits"], values["data"])
    train = usable(train, look_of(values))
    if not len(train.images):
        raise DataError("no image has ink that hangs together, so no scene can be made of them; take other digits")
    found = {"data": (train, values["rows"])}
    if test is not None:
        test = usable(test, look_of(values))
        if count := min(TEST_ROWS, len(test.images) // values["objects"]):
            found["test"] = (test, count)
    return found


def look_of(values: dict[str, Any]) -> Look:
    """Size of the canvas, haze and specks."""
    return Look(size=values["size"], specks=values["specks"], haze=values["haze"])


def load(member: str, values: dict[str, Any]) -> Loaded:
    """The data of one task."""
    look = look_of(values)
    made = []
    for part, (digits, rows) in parts(values).items():
        canvas, objects = scenes(digits, values["objects"], rows, look, part)
        y, points = objects.answers(member)
        made.append(PointData(X=_variants.dress(canvas, look, part), y=y, points=points))
    return Loaded(*made)


def scene_objects(task: Task, part: str = "data") -> SceneObjects | None:
    """Boxes, points and classes of a task's scenes, in the order of the rows of its data.

    A scene has several classes and `PointData.labels` one a row, so the data of `scenes/*` carries none.

    Args:
        task: one of `scenes/*`.
        part: `data` or `test`.

    Returns:
        The objects of that part; None where there is no test part.

    Raises:
        UsageError: another task, or another part.

    Example:
        >>> from spoton.tasks import get_task, scene_objects
        >>> scene_objects(get_task("scenes/boxes?rows=50&objects=2")).classes.shape
        (50, 2)
    """
    if not (isinstance(task.load, partial) and task.load.func is load):
        raise UsageError(f"objects are those of scenes/boxes and scenes/points, not of {task.name}")
    if part not in ("data", "test"):
        raise UsageError(f"a task has the parts data and test, not {part!r}")
    values = task.load.args[1]
    found = parts(values).get(part)
    return None if found is None else scenes(found[0], values["objects"], found[1], look_of(values), part)[1]


def rule(X: Array, *, member: str, objects: int, look: Look) -> Array:
    """The oracle's rule: take haze and specks away, join ink over small gaps, sort by the left edge."""
    numbers = labelled(_variants.find_ink(X, look))
    found = np.full((len(X), objects, 6), -1, dtype=np.int64)
    things = []
    for number, (image, rows, columns) in enumerate(ndimage.find_objects(numbers), start=1):
        first = columns.start + int((numbers[image.start, rows.start, columns] == number).argmax())
        box = columns.start, rows.start, columns.stop - 1, rows.stop - 1
        things.append((image.start, box[0], (*box, first, rows.start)))
    seen = np.zeros(len(X), dtype=np.int64)
    for image, _, answer in sorted(things):
        if seen[image] < objects:  # images that are no scenes of the task may have more
            found[image, seen[image]] = answer
        seen[image] += 1
    return (found[..., :4] if member == "boxes" else found[..., 4:]).reshape(len(X), -1)


def make(name: str, member: str, values: dict[str, Any]) -> Task:
    """Build `scenes/<member>`."""
    objects, look = values["objects"], look_of(values)
    check_room(objects, INK_SIZE.get(values["data"], 28), look.size)
    return Task(
        name=name,
        about=FAMILY.members[member],
        load=partial(load, member, values),
        whole=True,
        make_oracle=partial(RuleOracle, partial(rule, member=member, objects=objects, look=look)),
        train=values["train"],
    )


FAMILY = TaskFamily(
    name="scenes",
    about="several real digits on one canvas, from left to right",
    members={
        "boxes": "left, top, right, bottom of the ink box of each digit, from left to right",
        "points": "topleft of each digit: leftmost ink pixel of its topmost ink row, from left to right",
    },
    make=make,
    options=OPTIONS,
)
