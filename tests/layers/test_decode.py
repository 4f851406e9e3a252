"""Decoders: exact values, borders, ties, and where each is right."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spoton.errors import DataError, UsageError
from spoton.layers import DecodeAxis, DecodeHeatmap, DecodeUnit, decode_axis, decode_heatmap, decode_unit, log_gaussian


def test_an_axis_worked_out_by_hand() -> None:
    log_p = torch.tensor([[0.4, 0.1, 0.2, 0.3], [0.0, 0.5, 0.5, 0.0]]).log()
    assert decode_axis(log_p).tolist() == [0, 1]
    assert decode_axis(log_p, "mean").tolist() == pytest.approx([0.1 + 0.4 + 0.9, 1.5])
    assert decode_axis(log_p, "median").tolist() == [1, 1]


def test_missing_probability_has_no_say() -> None:
    log_p = torch.tensor([0.1, 0.05, 0.05, 0.1]).log()
    assert DecodeAxis("mean")(log_p).item() == pytest.approx(1.5)
    assert DecodeAxis("median")(log_p).item() == 1


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2, 9, 30]))
def test_each_way_is_the_best_of_its_measure(seed: int, size: int) -> None:
    """Among all positions none has more hits, a smaller mean error or a smaller mean square."""
    p = torch.rand(size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) ** 3
    p = p / p.sum()
    place = torch.arange(size)
    error = (place - place.unsqueeze(-1)).abs().double()
    assert p[decode_axis(p.log()).long()] == p.max()
    assert (error @ p)[decode_axis(p.log(), "median").long()] == pytest.approx((error @ p).min().item())
    mean = decode_axis(p.log(), "mean")
    assert (p * (place - mean).square()).sum() <= (error.square() @ p).min() + 1e-12


@settings(max_examples=50, deadline=None)
@given(st.floats(2, 8), st.floats(2, 10), st.floats(0.6, 3))
def test_the_parabola_is_exact_for_a_gaussian(x: float, y: float, sigma: float) -> None:
    point = torch.tensor([x, y], dtype=torch.float64)
    heatmap = log_gaussian(point, (11, 13), sigma)
    assert torch.allclose(decode_heatmap(heatmap, "taylor"), point, atol=1e-6)
    assert (decode_heatmap(heatmap, "quarter") - point).abs().max() <= 0.25 + 1e-6
    assert (decode_heatmap(heatmap) - point).abs().max() <= 0.5 + 1e-6


def test_a_heatmap_worked_out_by_hand() -> None:
    """The peak at (1, 1) with more to the left and below; of the window 3 x 3 each is known."""
    p = torch.tensor([[1.0, 1, 1, 9], [4, 8, 2, 1], [1, 4, 1, 1], [1, 1, 1, 1]])
    p[0, 3] = 1
    log_p = p.log()
    assert decode_heatmap(log_p).tolist() == [1, 1]
    assert decode_heatmap(log_p, "quarter").tolist() == [0.75, 1.25]
    total, x, y = 1 + 1 + 1 + 4 + 8 + 2 + 1 + 4 + 1, -1 - 4 - 1 + 1 + 2 + 1, -3 + 6
    assert decode_heatmap(log_p, "local", radius=1).tolist() == pytest.approx([1 + x / total, 1 + y / total])
    columns = p.sum(0) / p.sum()
    assert decode_heatmap(log_p, "mean")[0].item() == pytest.approx((columns * torch.arange(4)).sum().item())


@pytest.mark.parametrize("how", ["argmax", "quarter", "taylor", "local"])
def test_borders_and_ties(how: str) -> None:
    corner = torch.full((4, 5), -40.0)
    corner[0, 0] = 0
    assert DecodeHeatmap(how)(corner).tolist() == pytest.approx([0, 0])
    flat = DecodeHeatmap(how, radius=1)(torch.zeros(4, 5))
    assert flat.tolist() == ([0.5, 0.5] if how == "local" else [0, 0])
    twice = torch.full((4, 5), -40.0)
    twice[1, 3] = twice[2, 0] = 0
    assert DecodeHeatmap(how, radius=1)(twice).tolist() == pytest.approx([3, 1])


def test_along_an_open_axis_a_quarter_still_counts() -> None:
    log_p = torch.tensor([[0.0, 5.0, 1.0], [0.0, 0.0, 0.0]])
    assert decode_heatmap(log_p, "quarter").tolist() == [1.25, 0.0]
    assert decode_heatmap(log_p, "taylor").tolist() == [1.0, 0.0]


def test_unit_coordinates_become_pixels() -> None:
    p = torch.tensor([[-1.0, 1.0, 0.02, 1.2]])
    assert decode_unit(p, (9, 5)).tolist() == [[0, 4, 4, 4]]
    assert decode_unit(p, (9, 5), whole=False).tolist()[0] == pytest.approx([0, 4, 4.08, 4.4])
    assert DecodeUnit()(torch.tensor([-1.0, 1.0])).tolist() == [0, 27]


def test_half_precision_counts_pixels_beyond_256() -> None:
    log_p = torch.zeros(1000).bfloat16()
    log_p[777] = 9
    assert decode_axis(log_p).item() == 777
    assert decode_heatmap(log_p.reshape(2, 500)).tolist() == [277, 1]


def test_wrong_options_are_named() -> None:
    with pytest.raises(UsageError, match="no decoder is called 'mode'; known: argmax, mean, median"):
        decode_axis(torch.zeros(3), "mode")
    with pytest.raises(UsageError, match="known: argmax, quarter, taylor, local, mean"):
        DecodeHeatmap("dark")
    with pytest.raises(UsageError, match="a radius of 1 pixel or more, not 0"):
        decode_heatmap(torch.zeros(3, 3), "local", radius=0)
    with pytest.raises(UsageError, match=r"2 pixels or more along each side, not \(1, 5\)"):
        DecodeUnit((1, 5))
    with pytest.raises(DataError, match="coordinates of points come as x and y, these are 3"):
        decode_unit(torch.zeros(3), (4, 4))
