"""The scan channels against loops over pixels, and what sums of them are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spoton import ink
from spoton.errors import DataError, UsageError
from spoton.layers import LOG_SCAN_CHANNELS, SCANS, LogScan, extents, log_scan, raster_first

EXACT = {"bound": math.inf}


def logits(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2


def named(z: Tensor) -> dict[str, Tensor]:
    return dict(zip(LOG_SCAN_CHANNELS, log_scan(z, **EXACT).unbind(-3), strict=True))


def test_channels_against_a_loop_over_pixels() -> None:
    """For each pixel, products over the pixels that came before it."""
    z = logits(4, 6)
    found = {key: value.exp() for key, value in named(z).items()}
    miss, hit = torch.sigmoid(-z), torch.sigmoid(z)
    for y in range(4):
        for x in range(6):
            expected = {
                "ink": hit[y, x],
                "topleft": miss[:y].prod() * miss[y, :x].prod(),
                "topright": miss[:y].prod() * miss[y, x + 1 :].prod(),
                "bottomleft": miss[y + 1 :].prod() * miss[y, :x].prod(),
                "bottomright": miss[y + 1 :].prod() * miss[y, x + 1 :].prod(),
                "lefttop": miss[:, :x].prod() * miss[:y, x].prod(),
                "leftbottom": miss[:, :x].prod() * miss[y + 1 :, x].prod(),
                "righttop": miss[:, x + 1 :].prod() * miss[:y, x].prod(),
                "rightbottom": miss[:, x + 1 :].prod() * miss[y + 1 :, x].prod(),
                "rows above": miss[:y].prod(),
                "rows below": miss[y + 1 :].prod(),
                "columns left": miss[:, :x].prod(),
                "columns right": miss[:, x + 1 :].prod(),
                "row any": 1 - miss[y].prod(),
                "column any": 1 - miss[:, x].prod(),
            }
            assert list(expected) == list(LOG_SCAN_CHANNELS)
            for name, value in expected.items():
                assert found[name][y, x].item() == pytest.approx(value.item()), (name, x, y)


def test_sums_of_channels_are_points() -> None:
    z = logits(2, 3, 5, 7)
    found, box = named(z), extents(z)
    for scan in SCANS:
        assert torch.allclose(found["ink"] + found[scan], raster_first(z, scan))
    left = found["columns left"] + found["column any"]
    bottom = found["rows below"] + found["row any"]
    assert torch.allclose(left, box["left"].unsqueeze(-2).expand_as(z))
    assert torch.allclose(bottom, box["bottom"].unsqueeze(-1).expand_as(z))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.5]), st.sampled_from([1.0, 1000.0]))
def test_the_bend_keeps_the_first_pixel_first(seed: int, share: float, height: float) -> None:
    """ink + scan, both bent: the largest sum is the first ink, as NumPy finds it."""
    mask = np.random.RandomState(seed).rand(3, 6, 8) < share
    mask = mask[mask.any(axis=(1, 2))]
    bent = log_scan(torch.from_numpy(np.where(mask, 20 * height, -20 * height)))
    for i, scan in enumerate(SCANS, start=1):
        place = (bent[:, 0] + bent[:, i]).flatten(1).argmax(-1).numpy()
        assert np.array_equal(np.stack([place % 8, place // 8], 1), ink.point(mask, scan)), scan


def test_bends_and_probabilities_stay_in_their_range() -> None:
    for scale in (1.0, 1000.0):
        z = logits(2, 9, 11) * scale
        exact, bent = log_scan(z, **EXACT), log_scan(z, bound=5.0)
        assert (bent <= 0).all()
        assert (bent > -5).all()
        assert torch.allclose(bent, exact / (1 - exact / 5))
        assert torch.allclose(log_scan(z, scale="prob"), exact.exp())


def test_far_behind_the_first_ink_the_gate_still_hears() -> None:
    """A clamp would pass nothing on from pixels that many others came before."""
    z = torch.full((1, 10, 10), 3.0, requires_grad=True)
    log_scan(z)[0, 1, -1, -1].backward()
    assert (z.grad[0].flatten()[:-1].abs() > 1e-5).all()  # type: ignore[index]


def test_the_module_keeps_the_image_and_adds_its_channels() -> None:
    torch.manual_seed(0)
    scan, x = LogScan(), torch.rand(2, 3, 5, 7)
    out = scan(x)
    assert out.shape == (2, 3 + scan.extra, 5, 7)
    assert torch.equal(out[:, :3], x)
    assert torch.equal(out[:, 3:], log_scan(scan.gate(x.amax(1))))
    assert sum(p.numel() for p in scan.parameters()) == 2


def test_wrong_options_are_named() -> None:
    with pytest.raises(UsageError, match="no scale is called 'exp'; known: log, prob"):
        LogScan(scale="exp")
    with pytest.raises(UsageError, match="has to be positive, not 0; `inf` sets none"):
        log_scan(torch.zeros(2, 2), bound=0)
    with pytest.raises(DataError, match=r"shape \(2, 2\); add the axes that lack"):
        LogScan()(torch.zeros(2, 2))
