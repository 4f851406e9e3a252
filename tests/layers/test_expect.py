"""Expected points by hand, against kornia, and for masks with nothing in them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spoton import frames
from spoton.errors import UsageError
from spoton.layers import DSNT, Centroid, SoftArgmax2d, centroid, dsnt, soft_argmax2d, spatial_softmax2d

SHAPE = (2, 3, 5, 7)


def logits(dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(SHAPE, dtype=dtype, generator=torch.Generator().manual_seed(0)) * 3


def test_expectation_worked_out_by_hand() -> None:
    """Three quarters at (2, 0), one quarter at (0, 1)."""
    heatmap = torch.zeros(2, 3)
    heatmap[0, 2], heatmap[1, 0] = 0.75, 0.25
    assert dsnt(heatmap).tolist() == [1.5, 0.25]
    assert dsnt(heatmap, frame="unit").tolist() == [0.5, -0.5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("frame", ["px", "unit"])
def test_kornia_agrees(dtype: torch.dtype, frame: str) -> None:
    subpix = pytest.importorskip("kornia.geometry.subpix", reason="needs the extra: pip install 'spoton[peers]'")
    z = logits(dtype)
    for temperature in (0.3, 1.0, 5.0):
        expected = subpix.spatial_soft_argmax2d(z, temperature, frame == "unit")
        assert torch.allclose(soft_argmax2d(z, temperature, frame=frame), expected, rtol=1e-6, atol=1e-6)
    heatmap = spatial_softmax2d(z)
    assert torch.allclose(heatmap, subpix.spatial_softmax2d(z), rtol=1e-6, atol=1e-6)
    assert torch.allclose(dsnt(heatmap, frame=frame), subpix.spatial_expectation2d(heatmap, frame == "unit"), 1e-6)


def test_frames_are_one_point_in_two_words() -> None:
    z = logits()
    px, unit = (soft_argmax2d(z, frame=frame) for frame in ("px", "unit"))
    assert torch.allclose(frames.convert(unit, "unit", "px", torch.tensor([7, 5])), px)


def test_points_move_with_the_image() -> None:
    z = torch.full((9, 11), -50.0, dtype=torch.float64)
    z[2:5, 3:6] = logits()[0, 0, :3, :3]
    moved = soft_argmax2d(torch.roll(z, (2, 4), (0, 1)))
    assert torch.allclose(moved, soft_argmax2d(z) + torch.tensor([4.0, 2.0]))


def test_towards_no_temperature_it_is_the_largest_pixel() -> None:
    z = logits()
    place = z.flatten(-2).argmax(-1)
    hard = torch.stack([place % 7, place // 7], -1).double()
    assert torch.allclose(SoftArgmax2d(temperature=1e-3)(z), hard, atol=1e-6)
    layer = SoftArgmax2d(learnable=True)
    layer(z).sum().backward()
    assert layer.softmax.log_temperature.grad.abs() > 0  # type: ignore[union-attr]


def test_points_come_with_their_heatmaps() -> None:
    points, heatmap = DSNT(temperature=0.5)(logits())
    assert torch.allclose(heatmap.sum((-1, -2)), torch.ones(2, 3).double())
    assert torch.equal(points, dsnt(heatmap))


def test_a_centroid_worked_out_by_hand() -> None:
    """m = 1/2 at (0, 0), 1/4 at (1, 0), 1/4 at (1, 1): centre (1/2, 1/4)."""
    m = torch.tensor([[0.5, 0.25], [0.0, 0.25]], dtype=torch.float64)
    z = torch.logit(m.clamp_min(1e-300))
    assert centroid(z).tolist() == pytest.approx([0.5, 0.25])
    assert centroid(m, of="weights").tolist() == pytest.approx([0.5, 0.25])
    assert centroid(7 * m, of="weights", frame="unit").tolist() == pytest.approx([0.0, -0.5])
    assert centroid(m > 0.3, of="weights").tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("of", "nothing"), [("logits", -1000.0), ("logits", -30.0), ("weights", 0.0)])
def test_an_empty_mask_has_its_centre_in_the_middle(of: str, nothing: float) -> None:
    z = torch.full(SHAPE, nothing, requires_grad=True)
    found = Centroid(of=of)(z)
    assert torch.allclose(found, torch.tensor([3.0, 2.0]))
    found.sum().backward()
    assert z.grad.isfinite().all()  # type: ignore[union-attr]


def test_temperature_sharpens_a_mask() -> None:
    z = torch.tensor([[3.0, -1.0, -1.0]])
    assert Centroid(temperature=0.1)(z)[0] < 1e-3 < Centroid()(z)[0]


def test_wrong_options_are_named() -> None:
    with pytest.raises(UsageError, match="no frame is called 'pixels'; known: px, unit, fastai"):
        SoftArgmax2d(frame="pixels")
    with pytest.raises(UsageError, match="a temperature has to be positive, not 0"):
        DSNT(temperature=0)
    with pytest.raises(UsageError, match="a centroid is of logits or weights, not of 'mask'"):
        centroid(torch.zeros(2, 2), of="mask")
