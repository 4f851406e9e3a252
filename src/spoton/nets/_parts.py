"""Parts that several nets are made of, the reasons for which one declines a task, and what it asks of its inputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spoton.errors import DataError, Refused
from spoton.layers._checks import check_axes


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


def check_images(x: Tensor, net: nn.Module, *takes: int) -> None:
    """Raise unless `x` is a batch of images (B, C, H, W) that a net takes; B may be 0.

    Args:
        x: what came.
        net: the net.
        takes: its channels, and where it takes one size alone its height and width; nothing where any image will do.

    Raises:
        DataError: it takes no such images.
    """
    check_axes(x, f"images for {type(net).__name__}", "C H W")
    if x.ndim != 4 or tuple(x.shape[1 : 1 + len(takes)]) != takes:
        wanted = ", ".join(map(str, (*takes, *("C", "H", "W")[len(takes) :])))
        raise DataError(f"{type(net).__name__} takes images (B, {wanted}), these have the shape {tuple(x.shape)}")
    if takes and x.dtype != (dtype := next(net.parameters()).dtype) and not torch.is_autocast_enabled(x.device.type):
        raise DataError(
            f"{type(net).__name__} has weights of {dtype}, and the images are of {x.dtype}; give x.to({dtype})"
        )


def check_lists(x: Tensor, net: nn.Module) -> None:
    """Raise unless `x` is a batch of lists (B, L); B may be 0.

    Raises:
        DataError: it is something else.
    """
    check_axes(x, f"lists for {type(net).__name__}", "L")
    if x.ndim != 2:
        raise DataError(f"{type(net).__name__} takes lists (B, L), these have the shape {tuple(x.shape)}")


def conv_block(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)
    )
