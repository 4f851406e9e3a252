"""Losses on coordinates, worked out by hand."""

from __future__ import annotations

import pytest
import torch

from spoton.errors import DataError, UsageError
from spoton.layers import HalfPixelHuber, RootSquaredError, half_pixel_huber, root_squared_error


@pytest.mark.parametrize(("error", "cost"), [(0.5, 0.0), (-0.5, 0.0), (1.0, 0.125), (1.5, 0.5), (-3.5, 2.5)])
def test_half_a_pixel_is_free(error: float, cost: float) -> None:
    """Beyond it u = |e| - 1/2 costs u^2 / 2, and u - 1/2 from u = 1 on."""
    predicted = torch.tensor([[10.0 + error]], requires_grad=True)
    loss = half_pixel_huber(predicted, torch.tensor([[10.0]]))
    assert loss.item() == pytest.approx(cost)
    loss.backward()
    assert predicted.grad.abs().item() == pytest.approx(min(max(abs(error) - 0.5, 0), 1))  # type: ignore[union-attr]


def test_the_mean_over_coordinates_with_options() -> None:
    predicted, y = torch.tensor([[0.0, 4.0]]), torch.tensor([[0.1, 0.0]])
    # free 1: errors 0 and 3, and delta 2 makes the latter 2 (3 - 1)
    assert HalfPixelHuber(delta=2.0, free=1.0)(predicted, y).item() == pytest.approx(4 / 2)


def test_the_root_is_the_distance_of_points() -> None:
    predicted, y = torch.tensor([[3.0, 4.0, 1.0, 1.0]]), torch.tensor([[0.0, 0.0, 1.0, 2.0]])
    assert root_squared_error(predicted, y, eps=1e-12).item() == pytest.approx((5 + 1) / 2)
    assert RootSquaredError(dims=1, eps=1e-12)(predicted, y).item() == pytest.approx((3 + 4 + 0 + 1) / 4)


def test_all_misses_pull_equally_and_a_hit_does_not() -> None:
    predicted = torch.tensor([[0.0, 0.0], [30.0, 40.0], [0.0, 0.3]], requires_grad=True)
    (3 * root_squared_error(predicted, torch.zeros(3, 2))).backward()
    lengths = predicted.grad.norm(dim=-1)  # type: ignore[union-attr]
    assert lengths.tolist() == pytest.approx([0, 1, 1], abs=1e-4)


def test_wrong_options_are_named() -> None:
    with pytest.raises(DataError, match="points of 2 coordinates cannot be cut out of 3 outputs; set dims=1"):
        root_squared_error(torch.zeros(1, 3), torch.zeros(1, 3))
    with pytest.raises(UsageError, match="dims of 1 or more and a positive eps, not 2 and 0"):
        RootSquaredError(eps=0)
    with pytest.raises(UsageError, match="a positive delta and a free error of 0 or more, not 1 and -1"):
        HalfPixelHuber(1, -1)
