"""Minima and maxima over growing windows, against slices."""

from __future__ import annotations

import pytest
import torch

from spoton.errors import DataError, UsageError
from spoton.layers import MinMaxPool, min_max_pool


def test_windows_against_slices() -> None:
    x = torch.randn(2, 3, 9, 17, generator=torch.Generator().manual_seed(0))
    found = min_max_pool(x, levels=3).reshape(2, 6, 3, 9, 17)
    for level in range(3):
        reach = 2 ** (level + 1) - 1
        for row in range(9):
            for column in range(17):
                window = x[..., max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
                assert torch.equal(found[:, 2 * level, :, row, column], window.amax((-1, -2)))
                assert torch.equal(found[:, 2 * level + 1, :, row, column], window.amin((-1, -2)))


def test_it_moves_with_the_image() -> None:
    x = torch.zeros(1, 20, 20)
    x[0, 5:8, 6:9] = torch.rand(3, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.roll(min_max_pool(x, 2), (4, 5), (1, 2)), min_max_pool(torch.roll(x, (4, 5), (1, 2)), 2))


def test_the_gradient_goes_to_the_extremes() -> None:
    x = torch.tensor([[[0.0, 3.0, 1.0, 2.0, -1.0]]], requires_grad=True)
    MinMaxPool(levels=1)(x)[..., 2].sum().backward()
    assert x.grad.tolist() == [[[0, 1, 1, 0, 0]]]  # type: ignore[union-attr]


def test_wrong_options_are_named() -> None:
    with pytest.raises(UsageError, match="pooling needs 1 level or more, not 0"):
        MinMaxPool(levels=0)
    with pytest.raises(DataError, match=r"of shape \(5, 7\); add the axes that lack"):
        min_max_pool(torch.zeros(5, 7))
