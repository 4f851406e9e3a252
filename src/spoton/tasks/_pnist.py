"""P-NIST: points of real digits, exact by construction. `pnist/topleft?digits=all&size=56&shift=12&specks=0.02`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from spoton import ink as geometry
from spoton.data import Array, PointData
from spoton.errors import UsageError
from spoton.ink import Ink
from spoton.tasks import _digits, _variants
from spoton.tasks._family import Option, TaskFamily, choice, whole
from spoton.tasks._oracles import RuleOracle
from spoton.tasks._task import Loaded, Task
from spoton.tasks._variants import Look

ALL = tuple(range(10))
SEED = (3, 7)  # the digits of the 2020 seed set

# member -> columns of y, the points among them, the kind of task, one line
POINTS = {
    "topleft": (("topleft",), "leftmost ink pixel of the topmost ink row"),
    "center": (("center",), "floored middle of the ink box"),
    "corner": (("corner",), "left and top of the ink box"),
    "both": (("topleft", "center"), "topleft and center at once"),
}
OTHERS = {
    "box": "left, top, right, bottom of the ink box",
    "pxsum": "sum of the pixel values 0..255",
    "top": "topmost ink row",
    "bottom": "lowest ink row",
    "digit": "the digit itself (a class)",
}


def read_digits(text: str) -> tuple[int, ...]:
    """`all`, or the digits themselves: `37` means 3 and 7."""
    if text == "all":
        return ALL
    if not text.isdigit():
        raise ValueError("'all' or digits are expected, as in 37")
    return tuple(sorted({int(letter) for letter in text}))


def write_digits(digits: tuple[int, ...]) -> str:
    """The inverse of `read_digits`."""
    return "all" if digits == ALL else "".join(map(str, digits))


SOURCE_OPTIONS = {
    "data": Option(
        choice(*_digits.SOURCES),
        "auto",
        "embedded digits (auto), or all of mnist, fashion, kmnist, emnist",
        str,
    ),
    "train": Option(whole(1, 1_000_000), None, "exactly so many training rows", str),
}
OPTIONS = {
    "digits": Option(
        read_digits,
        SEED,
        "which digits: 'all', or as in 37; other than 3 and 7 bring a test set",
        write_digits,
    ),
    **SOURCE_OPTIONS,
    **_variants.OPTIONS,
}


def load_digits(digits: tuple[int, ...], source: str) -> tuple[_digits.Digits, _digits.Digits | None]:
    """Training and test digits; the seed set (3 and 7 only) has no test set."""
    if source != "auto":
        train, test = _digits.full(source)
    elif set(digits) <= set(SEED):
        return _digits.embedded("seed").only(digits), None
    else:
        train, test = _digits.embedded("train"), _digits.embedded("test")
    return train.only(digits), test.only(digits)


def answers(
    member: str, ink: Ink, images: Array, labels: Array | None
) -> tuple[pd.DataFrame, tuple[tuple[str, str], ...]]:
    """The exact answers of `member`, and which of their columns are points."""
    if member in POINTS:
        kinds = POINTS[member][0]
        xy = np.concatenate([geometry.point(ink, kind) for kind in kinds], axis=1)
        pairs = tuple((f"{kind}_x", f"{kind}_y") for kind in kinds)
        return pd.DataFrame(xy.astype(np.float64), columns=[name for pair in pairs for name in pair]), pairs
    box = geometry.extents(ink)
    if member == "box":
        frame = pd.DataFrame({side: box[side].astype(np.float64) for side in ("left", "top", "right", "bottom")})
        return frame, (("left", "top"), ("right", "bottom"))
    if member == "pxsum":
        grey = images.reshape(len(images), -1).astype(np.float64)
        if images.dtype != np.uint8:
            grey = np.rint(grey * 255.0)  # 0..1: back to whole grey levels before summing
        return pd.DataFrame({"pxsum": grey.sum(axis=1)}), ()
    if member == "digit":
        return pd.DataFrame({"digit": np.asarray(labels, dtype=np.float64)}), ()
    return pd.DataFrame({member: box[member].astype(np.float64)}), ()


def dressed(member: str, digits: _digits.Digits, look: Look, ynoise: float, part: str) -> PointData:
    """The `data` or the `test` part: digits placed, dressed and answered."""
    clean = _variants.place(digits.images, look, part)
    y, points = answers(member, clean > 0, clean, digits.labels)
    return PointData(
        X=_variants.dress(clean, look, part),
        y=_variants.noisy(y, ynoise, part),
        labels=digits.labels,
        points=points,
    )


def load(member: str, digits: tuple[int, ...], source: str, look: Look, ynoise: float) -> Loaded:
    """The data of one task."""
    train, test = load_digits(digits, source)
    return Loaded(
        dressed(member, train, look, ynoise, "data"),
        None if test is None else dressed(member, test, look, ynoise, "test"),
    )


def rule(X: Array, labels: Array | None = None, *, member: str, look: Look) -> Array:
    """The oracle's rule: take the variant away, then answer by the definition."""
    ink = _variants.find_ink(X, look)
    seen = X[:, 0] * ink if member == "pxsum" else X[:, 0]
    return answers(member, ink, seen, labels)[0].to_numpy()


INK_SIZE = {"auto": 20, "mnist": 20}  # MNIST's digits were scaled to fit 20 x 20 pixels; others fill their 28


def ceiling(member: str, look: Look, ynoise: float, source: str) -> str:
    """Why nobody can be perfect; empty where the oracle is."""
    reasons = [text] if (text := look.ceiling(INK_SIZE.get(source, 28))) else []
    if member == "pxsum" and (look.specks or look.haze or look.blur):
        reasons.append("specks, haze and blur change the sum of the pixels for good")
    if ynoise:
        reasons.append(f"the answers carry noise of sd {ynoise:g}: an mse of {ynoise**2:g} is all that can be reached")
    return "; ".join(reasons)


def make(name: str, member: str, values: dict[str, Any]) -> Task:
    """Build `pnist/<member>`."""
    look, ynoise = _variants.look_of(values), values["ynoise"]
    if member == "digit" and ynoise:
        raise UsageError("ynoise is for numbers, and pnist/digit is a class; leave it out")
    return Task(
        name=name,
        about=FAMILY.members[member],
        load=partial(load, member, values["digits"], values["data"], look, ynoise),
        kind="class" if member == "digit" else "point" if member in POINTS or member == "box" else "number",
        whole=member != "digit" and not ynoise,
        make_oracle=partial(RuleOracle, partial(rule, member=member, look=look), uses_labels=member == "digit"),
        ceiling=ceiling(member, look, ynoise, values["data"]),
        train=values["train"],
    )


FAMILY = TaskFamily(
    name="pnist",
    about="points of real digits (MNIST), exact by construction",
    members={**{key: value[1] for key, value in POINTS.items()}, **OTHERS},
    make=make,
    options=OPTIONS,
)
