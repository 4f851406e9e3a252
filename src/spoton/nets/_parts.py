"""Parts that several nets are made of, and the two reasons for which a net that points declines a task."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from spoton.errors import Refused


def image_shape(in_shape: Sequence[int], name: str) -> tuple[int, int, int]:
    """(C, H, W) of a net that takes images.

    Raises:
        Refused: the inputs are a table.
    """
    if len(in_shape) != 3:
        raise Refused(f"{name} takes images, and this task is a table; take basenet or fastai-tabular")
    channels, height, width = (int(size) for size in in_shape)
    return channels, height, width


def points_of(n_out: int, name: str) -> int:
    """Number of points (x, y) that `n_out` answers are.

    Raises:
        Refused: an odd number of answers.
    """
    if n_out % 2:
        raise Refused(
            f"{name} answers with points (x, y), and {n_out} answers are no pairs; take resnet18 or coordconv"
        )
    return n_out // 2


def conv_block(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)
    )
