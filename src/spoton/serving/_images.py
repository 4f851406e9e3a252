"""Files of images that strangers send, as arrays; their size is looked at before they are unpacked."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError
from spoton.serving._limits import Limits, Refusal
from spoton.tasks._readers import _pixels, told

# what browsers, cameras and scanners write; Pillow's other readers are for no one to try out here
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")


def read_image(data: bytes, where: str, wanted: tuple[int, int, int], free: bool, limits: Limits) -> Array:
    """One image as float32 (C, H, W) in 0..1.

    Args:
        data: the file.
        where: what it is called, in messages.
        wanted: (C, H, W) of the model's images.
        free: it takes images of other sizes.
        limits: of pixels.

    Raises:
        Refusal: it is no image, is too large, or not of the model's form.
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise Refusal(422, f"{where} is empty; send an image file, such as PNG or JPEG")
    channels, height, width = wanted
    try:
        with told(f"{where} is damaged; save it again, as PNG for instance"):
            try:
                image = Image.open(io.BytesIO(data), formats=FORMATS)
            except UnidentifiedImageError:
                raise Refusal(415, f"{where} is no image file that is known here; send PNG or JPEG") from None
            if image.width * image.height > limits.pixels:
                raise Refusal(
                    413, f"{where} has {image.width} x {image.height} px, and at most {limits.pixels:,} are taken"
                )
            # turned by a quarter it may be the one or the other
            if not free and sorted(image.size) != sorted((width, height)):
                raise Refusal(
                    422,
                    f"{where} is {image.width} x {image.height} px, and the model takes {width} x {height} px "
                    "(width x height); bring it to that size",
                )
            with image:
                pixels = _pixels(image, where)
    except (DataError, MemoryError) as error:
        raise Refusal(422, str(error) or f"{where} is too large to be unpacked; send a smaller image") from error
    return _planes(pixels, channels, where)


def _planes(pixels: Array, channels: int, where: str) -> Array:
    """Grey (H, W) or colour (H, W, 3) as float32 (C, H, W)."""
    if pixels.ndim == 3 and channels == 1:
        if not (pixels == pixels[..., :1]).all():
            raise Refusal(422, f"{where} is in colour, and the model takes grey images; convert it to grey")
        pixels = pixels[..., 0]
    if pixels.ndim == 3 and channels != 3:
        raise Refusal(422, f"{where} has 3 channels, and the model takes {channels}; send its images as JSON")
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    if planes.dtype == np.uint8:
        planes = planes.astype(np.float32) / np.float32(255)
    # a grey image fills all channels
    found: Any = np.broadcast_to(planes.astype(np.float32), (channels, *planes.shape[1:]))
    return np.array(found)
