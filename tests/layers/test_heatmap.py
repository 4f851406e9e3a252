"""Gaussian targets and the divergences from them."""

from __future__ import annotations

import math

import pytest
import torch

from spoton.errors import DataError, UsageError
from spoton.layers import HeatmapJS, HeatmapKL, dsnt, heatmap_js, heatmap_kl, log_gaussian

POINTS = torch.tensor([[[2.0, 3.0], [4.5, 1.0]]], dtype=torch.float64)  # (B, P, 2)
SIZE = (7, 5)


def test_the_gaussian_worked_out_by_hand() -> None:
    """At sigma 2 a neighbour has exp(-1/8) of the peak, a diagonal one its square."""
    p = log_gaussian(torch.tensor([2.0, 3.0]), SIZE, sigma=2.0).exp()
    assert p.shape == (5, 7)
    assert p.sum().item() == pytest.approx(1)
    assert (p[3, 3] / p[3, 2]).item() == pytest.approx(math.exp(-1 / 8))
    assert (p[2, 1] / p[3, 2]).item() == pytest.approx(math.exp(-1 / 4))


def test_its_mean_is_the_point_inside_and_the_border_outside() -> None:
    inside = log_gaussian(torch.tensor([10.3, 12.6], dtype=torch.float64), (21, 25)).exp()
    assert torch.allclose(dsnt(inside), torch.tensor([10.3, 12.6]).double(), atol=1e-6)
    outside = log_gaussian(torch.tensor([-900.0, 2.0]), SIZE)
    assert outside.isfinite().all()
    assert outside.exp()[2, 0] > 0.39


def test_the_target_itself_costs_nothing_and_all_else_costs_more() -> None:
    target = log_gaussian(POINTS, SIZE, 1.5)
    other = log_gaussian(POINTS + 0.5, SIZE, 1.5)
    for loss in (heatmap_kl, heatmap_js):
        assert loss(target, POINTS, 1.5).item() == pytest.approx(0, abs=1e-12)
        assert loss(other, POINTS, 1.5) > 1e-3


def test_divergences_against_sums_by_hand() -> None:
    p = torch.softmax(torch.randn(1, 2, 35, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), -1)
    p = p.reshape(1, 2, 5, 7)
    q = log_gaussian(POINTS, SIZE).exp()
    m = (p + q) / 2
    kl = (p * (p / q).log()).sum((-1, -2)).mean()
    js = ((p * (p / m).log() + q * (q / m).log()) / 2).sum((-1, -2)).mean()
    assert heatmap_kl(p.log(), POINTS).item() == pytest.approx(kl.item())
    assert heatmap_js(p.log(), POINTS).item() == pytest.approx(js.item())
    assert HeatmapKL()(p.log(), POINTS.flatten(1)).item() == pytest.approx(kl.item())  # answers as tasks have them
    assert HeatmapJS()(p.log(), POINTS.flatten(1)).item() == pytest.approx(js.item())


def test_disjoint_maps_cost_log_two_and_zeros_are_allowed() -> None:
    log_p = torch.full((1, 1, 20, 20), -torch.inf)
    log_p[..., 19, 19] = 0
    log_p.requires_grad_()
    loss = heatmap_js(log_p, torch.zeros(1, 2), 0.5)
    assert loss.item() == pytest.approx(math.log(2))
    (loss + heatmap_kl(log_p, torch.zeros(1, 2), 0.5)).backward()
    assert log_p.grad.isfinite().all()  # type: ignore[union-attr]


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(DataError, match=r"these are \(1, 2, 5, 7\) and answers \(1, 2\); give one map a point"):
        heatmap_kl(torch.zeros(1, 2, 5, 7), torch.zeros(1, 2))
    with pytest.raises(UsageError, match="has to be positive, not 0"):
        HeatmapJS(sigma=0)
