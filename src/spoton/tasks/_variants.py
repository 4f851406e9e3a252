"""Harder images with the same exact answers: larger canvas, shift, specks, haze, blur; and noise on the answers.

Each variant is a pure function of its option, so a task's name alone reproduces its data. The answer is computed on
the clean image; `find_ink` takes the variant away again, and the oracle uses it:

- `size`, `shift`: the digit is placed whole, so the rule itself needs no change.
- `specks`: lone pixels of random value, never next to ink or to each other. The digit's own lone pixels (in 0.6 % of
  MNIST) are erased first, so that ink is exactly what has an ink neighbour.
- `haze`: the background is random in 0..haze and ink is moved to haze + 1..255, so that ink is value > haze.
- `blur`: a Gaussian cut off at two standard deviations widens ink by a square; eroding by the same square gives back
  the extreme rows and columns. Digits are first moved in from the border by as much as that needs; only where ink is
  too large for it (never in MNIST up to blur=1.7) is some cut off, and the task says so.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from spoton import ink as geometry
from spoton.data import Array
from spoton.errors import UsageError
from spoton.ink import Ink
from spoton.tasks._family import Option, real, whole

TRUNCATE = 2.0  # standard deviations at which blur's kernel ends


@dataclass(frozen=True)
class Look:
    """How the images look: the values of the options below, all off by default."""

    size: int = 28
    shift: int = 0
    specks: float = 0.0
    haze: int = 0
    blur: float = 0.0

    @property
    def radius(self) -> int:
        """How far blur widens ink, in pixels."""
        return int(TRUNCATE * self.blur + 0.5)

    def ceiling(self, ink_size: int) -> str:
        """Why the clean rule cannot be recovered in every image; empty where ink of `ink_size` pixels has room."""
        if self.size - ink_size >= 2 * self.radius:
            return ""
        return f"blur={self.blur:g} pushes ink over the border in images where it is wide or high"


OPTIONS: dict[str, Option] = {
    "size": Option(whole(28, 512), 28, "canvas of that many pixels a side, the digit placed in its middle"),
    "shift": Option(whole(0, 512), 0, "move each digit by up to so many pixels, never out of the image"),
    "specks": Option(real(0, 0.25), 0.0, "share of background pixels to be lone specks"),
    "haze": Option(whole(0, 200), 0, "background random in 0..haze (of 255), ink above it"),
    "blur": Option(real(0, 5), 0.0, "Gaussian blur of that standard deviation in pixels"),
    "ynoise": Option(real(0, 100), 0.0, "Gaussian noise of that standard deviation on the answers"),
}


def look_of(values: dict[str, Any]) -> Look:
    """The `Look` in the values of a name's options."""
    return Look(**{key: values[key] for key in Look.__dataclass_fields__})


def _random(key: str, value: object, part: str) -> np.random.RandomState:
    return np.random.RandomState(zlib.crc32(f"{part}|{key}={value}".encode()))


def place(images: Array, look: Look, part: str) -> Array:
    """Put (n, H, W) uint8 images on the canvas and shift them: the CLEAN images, on which the answers are computed."""
    n, height, width = images.shape
    if look.size < max(height, width):
        raise UsageError(f"size={look.size} is smaller than the images, which are {width} x {height} pixels")
    canvas = np.zeros((n, look.size, look.size), dtype=images.dtype)
    top, left = (look.size - height) // 2, (look.size - width) // 2
    canvas[:, top : top + height, left : left + width] = images
    if look.specks:
        canvas[geometry.isolated(canvas > 0)] = 0
    if look.shift or look.radius:
        box = geometry.extents(canvas > 0)
        random = _random("shift", look.shift, part)
        for i in range(n):
            dx = _step(random, look, box["left"][i], box["right"][i])
            dy = _step(random, look, box["top"][i], box["bottom"][i])
            canvas[i] = np.roll(canvas[i], (dy, dx), axis=(0, 1))
    return canvas


def _step(random: np.random.RandomState, look: Look, low: int, high: int) -> int:
    """A random step along one axis after which ink in low..high keeps blur's radius from both borders, if it can."""
    least, most = look.radius - low, look.size - 1 - look.radius - high
    if least > most:
        return (least + most) // 2
    return int(random.randint(min(max(-look.shift, least), most), max(min(look.shift, most), least) + 1))


def dress(clean: Array, look: Look, part: str) -> Array:
    """Blur, haze and specks on clean (n, H, W) uint8 images; gives float32 (n, 1, H, W) in 0..1."""
    images = clean.astype(np.float32) / np.float32(255)
    if look.blur:
        images = ndimage.gaussian_filter(images, (0, look.blur, look.blur), mode="constant", truncate=TRUNCATE)
    ink = images > 0
    if look.haze:
        level = np.float32(look.haze / 255)
        # one grey level above the haze at least, so that the faintest ink stays ink
        images = np.where(ink, np.maximum(level + images * (1 - level), np.float32((look.haze + 1) / 255)), images)
        fog = _random("haze", look.haze, part).randint(0, look.haze + 1, size=images.shape)
        images = np.where(ink, images, fog.astype(np.float32) / np.float32(255))
    if look.specks:
        random = _random("specks", look.specks, part)
        spots = _lone(random, ink, look.specks)
        images[spots] = random.randint(look.haze + 1, 256, size=int(spots.sum())).astype(np.float32) / np.float32(255)
    return images[:, None]


def _lone(random: np.random.RandomState, ink: Ink, share: float) -> Ink:
    """Random pixels, a share of them all, less those next to ink or to a neighbour of higher rank."""
    near_ink = ndimage.binary_dilation(ink, np.ones((1, 3, 3), dtype=bool))
    rank = np.where((random.rand(*ink.shape) < share) & ~near_ink, random.rand(*ink.shape), 0.0)
    highest = ndimage.maximum_filter(rank, size=(1, 3, 3), mode="constant")
    spots: Ink = (rank > 0) & (rank == highest)
    return spots


def find_ink(images: Array, look: Look) -> Ink:
    """The digit's ink in dressed images (n, 1, H, W): what the oracle sees."""
    # half a grey level of room, so that float32 cannot make haze of ink
    ink = geometry.ink_of(images, (look.haze + 0.5) / 255 if look.haze else 0.0)
    if look.specks:
        ink &= ~geometry.isolated(ink)
    if look.radius:
        side = 2 * look.radius + 1
        ink = ndimage.binary_erosion(ink, np.ones((1, side, side), dtype=bool))
    return ink


def noisy(y: pd.DataFrame, sd: float, part: str) -> pd.DataFrame:
    """The answers with Gaussian noise of standard deviation `sd`, in their own unit."""
    if not sd:
        return y
    return y + _random("ynoise", sd, part).normal(0, sd, size=y.shape)
