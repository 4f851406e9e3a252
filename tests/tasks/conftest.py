"""A folder of images for the tests of the user's own data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from own_data import COLOUR, GREY, HEIGHT, POINTS, WIDTH
from PIL import Image


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of images, good and bad, and a good CSV beside it."""
    images = tmp_path / "digits"
    (images / "sub").mkdir(parents=True)
    Image.fromarray(GREY).save(images / "a.png")
    Image.fromarray(GREY[::-1].copy()).save(images / "b.png")
    Image.fromarray(COLOUR).save(images / "colour.png")
    Image.fromarray(GREY).save(tmp_path / "outside.png")
    Image.fromarray(GREY[:3]).save(images / "low.png")
    Image.fromarray(GREY.astype(np.int32) * 1000).save(images / "deep.tif")
    noise = np.random.RandomState(0).randint(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
    Image.fromarray(noise).save(images / "whole.png")
    (images / "cut.png").write_bytes((images / "whole.png").read_bytes()[:-30])
    (images / "text.png").write_text("this is no image")
    (tmp_path / "points.csv").write_text(POINTS)
    return tmp_path
