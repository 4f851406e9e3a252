"""Files of images that strangers send, as arrays; their size is looked at before they are unpacked."""

from __future__ import annotations

import io

from spoton._trust import told
from spoton.data import Array
from spoton.errors import DataError
from spoton.models import Card
from spoton.models._files import planes_of
from spoton.serving._limits import Limits, Refusal
from spoton.tasks._read_images import pixels

# what browsers, cameras and scanners write; Pillow's other readers are for no one to try out here
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")


def read_image(data: bytes, where: str, card: Card, limits: Limits) -> Array:
    """One image as float32 (C, H, W) in 0..1, as the fit had images.

    Args:
        data: the file.
        where: what it is called, in messages.
        card: of the model.
        limits: of pixels.

    Raises:
        Refusal: it is no image, is too large, or not of the model's form.
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise Refusal(422, f"{where} is empty; send an image file, such as PNG or JPEG")
    _, height, width = card.inputs["shape"]
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
            if not card.inputs["any_size"] and sorted(image.size) != sorted((width, height)):
                raise Refusal(
                    422,
                    f"{where} is {image.width} x {image.height} px, and the model takes {width} x {height} px "
                    "(width x height); bring it to that size",
                )
            with image:
                return planes_of(pixels(image, where), where, card)
    except (DataError, MemoryError) as error:
        raise Refusal(422, str(error) or f"{where} is too large to be unpacked; send a smaller image") from error
