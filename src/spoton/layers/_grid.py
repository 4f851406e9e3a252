"""Where the pixel centres of an image lie: the positions that coordinate layers weigh, sum and compare."""

from __future__ import annotations

import torch
from torch import Tensor

from spoton import frames
from spoton.errors import UsageError


def wide(dtype: torch.dtype) -> torch.dtype:
    """The dtype to count pixels in: bfloat16 holds no whole numbers above 256, float16 none above 2048."""
    return dtype if dtype in (torch.float32, torch.float64) else torch.float32


def centres(size: int, like: Tensor, frame: str = "px") -> Tensor:
    """Pixel centres along one axis, (size,), in `frame`, in the `wide` dtype of `like` and on its device.

    A single pixel lies at 0 of the `unit` frame, which `to_unit` cannot say (0 / 0).
    """
    place = torch.arange(size, device=like.device, dtype=wide(like.dtype))
    if size == 1 and frame == "unit":
        return place
    centre: Tensor = frames.convert(place, "px", frame, size)
    return centre


def check_frame(frame: str) -> str:
    """The frame, or an error that lists them."""
    if frame not in frames.FRAMES:
        raise UsageError(f"no frame is called '{frame}'; known: {', '.join(frames.FRAMES)}")
    return frame


def check_temperature(temperature: float) -> float:
    """The temperature, or an error where it is not positive."""
    if not temperature > 0:
        raise UsageError(f"a temperature has to be positive, not {temperature}")
    return float(temperature)
