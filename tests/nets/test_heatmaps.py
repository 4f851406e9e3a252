"""The losses on heatmaps, worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from spoton.errors import UsageError
from spoton.layers import log_gaussian
from spoton.nets._heatmaps import DSNTLoss, HeatmapMSE, HeatmapNLL, log_heatmaps

POINTS = torch.tensor([[3.0, 4.0, 5.0, 2.0]])  # two points (x, y) in an image of 9 x 7


def test_log_heatmaps_sum_to_one() -> None:
    log_p = log_heatmaps(torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(0)) * 1000)
    assert torch.isfinite(log_p).all()
    assert torch.allclose(log_p.exp().sum((-1, -2)), torch.ones(2, 3))


def test_cross_entropy_of_a_pixel_worked_out_by_hand() -> None:
    """Probability 1/2 at (3, 4) and 1/8 at (5, 2): log 2 + log 8, whatever lies elsewhere."""
    log_p = torch.full((1, 2, 7, 9), -50.0)
    log_p[0, 0, 4, 3], log_p[0, 1, 2, 5] = math.log(1 / 2), math.log(1 / 8)
    assert HeatmapNLL()(log_p, POINTS).item() == pytest.approx(math.log(16))
    assert HeatmapNLL()(log_p, POINTS + 0.4).item() == pytest.approx(math.log(16))


def test_cross_entropy_of_a_gaussian_is_least_at_the_gaussian() -> None:
    log_q = log_gaussian(POINTS.view(1, 2, 2), (9, 7), sigma=1.5)
    entropy = -(log_q.exp() * log_q).sum()
    assert HeatmapNLL(1.5)(log_q, POINTS).item() == pytest.approx(entropy.item(), rel=1e-5)
    assert HeatmapNLL(1.5)(log_heatmaps(log_q * 0.8), POINTS) > entropy


def test_squared_error_to_a_gaussian_of_height_one() -> None:
    x, y = torch.arange(9.0), torch.arange(7.0)[:, None]
    maps = torch.stack([torch.exp(-((x - a) ** 2 + (y - b) ** 2) / 2) for a, b in ((3, 4), (5, 2))])[None]
    assert HeatmapMSE()(maps, POINTS).item() == pytest.approx(0, abs=1e-10)
    assert HeatmapMSE()(maps + 0.1, POINTS).item() == pytest.approx(2 * 63 * 0.01, rel=1e-4)


def test_dsnt_loss_is_the_distance_in_the_unit_frame_plus_the_divergence() -> None:
    log_q = log_gaussian(POINTS.view(1, 2, 2) + torch.tensor([1.0, 0.0]), (9, 7), sigma=0.2)
    # one pixel of nine is 2 / 8 of the frame; narrow Gaussians one pixel apart share next to nothing
    assert DSNTLoss(weight=0.0)(log_q, POINTS).item() == pytest.approx(0.25, abs=1e-3)
    assert DSNTLoss(sigma=0.2)(log_q, POINTS).item() == pytest.approx(0.25 + math.log(2), abs=1e-2)


@pytest.mark.parametrize("loss", [HeatmapNLL, HeatmapMSE, DSNTLoss])
def test_a_negative_sigma_is_refused(loss: type) -> None:
    with pytest.raises(UsageError, match="has to be 0 or more, not -1"):
        loss(sigma=-1.0)
