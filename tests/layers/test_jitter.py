"""Random small maps: how far a blob goes, and that nothing moves where nothing should."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from spoton.layers import Centroid, Jitter, jitter

HEIGHT, WIDTH = 41, 61
MIDDLE = torch.tensor([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])


def blobs(n: int, x: float, y: float, channels: int = 2) -> Tensor:
    """Images with a round blob, given from the middle of the image."""
    across, down = torch.arange(WIDTH) - MIDDLE[0] - x, torch.arange(HEIGHT) - MIDDLE[1] - y
    blob = torch.exp(-(across**2 + down[:, None] ** 2) / (2 * 2.0**2))
    return blob.expand(n, channels, HEIGHT, WIDTH)


def places(images: Tensor) -> Tensor:
    """Where the blobs are, from the middle of the image, (n, C, 2)."""
    found: Tensor = Centroid(of="weights")(images)
    return found - MIDDLE


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def test_nothing_happens_in_evaluation() -> None:
    x = torch.rand(3, 2, 5, 7)
    assert torch.equal(Jitter().eval()(x), x)
    assert not torch.allclose(Jitter().train()(x), x, atol=1e-3)


def test_amplitudes_of_zero_move_nothing() -> None:
    x = torch.rand(3, 2, 5, 7)
    assert torch.allclose(Jitter(shift=0, turn=0, scale=0, shear=0)(x), x, atol=1e-5)


def test_a_blob_in_the_middle_stays_within_the_shift() -> None:
    moved = places(jitter(blobs(400, 0, 0), shift=3.0, turn=0, scale=0, shear=0))
    assert moved.abs().max() < 3.01
    assert moved.abs().amax((0, 1)).min() > 2.8  # each way, in pixels, although the sides differ


def test_turns_scalings_and_shears_leave_the_middle_alone() -> None:
    assert places(jitter(blobs(200, 0, 0), shift=0)).abs().max() < 0.01


def test_a_turn_keeps_the_distance_from_the_middle() -> None:
    """Also in an image that is not square; and it reaches the angle that was asked for."""
    moved = places(jitter(blobs(400, 12, 0), shift=0, turn=0.5, scale=0, shear=0))
    assert (moved.norm(dim=-1) - 12).abs().max() < 0.05
    angle = torch.atan2(moved[..., 1], moved[..., 0])
    assert angle.abs().max() == pytest.approx(0.5, abs=0.02)
    assert angle.min() < 0 < angle.max()


def test_scalings_and_shears_reach_what_was_asked_for() -> None:
    """A map from the answer's pixels to the image's: a side of 1 to 1.2 times its length shrinks by as much."""
    moved = places(jitter(blobs(400, 12, 9), shift=0, turn=0, scale=0.2, shear=0))[:, 0]
    for axis, start in enumerate((12, 9)):
        factor = start / moved[:, axis]
        assert factor.min() == pytest.approx(0.8, abs=0.02)
        assert factor.max() == pytest.approx(1.2, abs=0.02)
    moved = places(jitter(blobs(400, 0, 9), shift=0, turn=0, scale=0, shear=0.2))[:, 0]
    assert (moved[:, 0] / 9).abs().max() == pytest.approx(0.2, abs=0.02)
    assert (moved[:, 1] - 9).abs().max() < 0.05


def test_each_image_moves_by_itself_and_its_channels_together() -> None:
    moved = places(jitter(blobs(30, 4, 3)))
    assert torch.allclose(moved[:, 0], moved[:, 1], atol=1e-4)
    assert moved[:, 0].std(0).min() > 0.1


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_types(dtype: torch.dtype) -> None:
    x = torch.rand(3, 2, 5, 7, dtype=dtype, requires_grad=True)
    out = jitter(x)
    assert out.dtype == dtype
    out.float().sum().backward()
    assert torch.isfinite(out).all()
    assert torch.isfinite(x.grad).all()  # type: ignore[arg-type]
    assert math.isclose(jitter(torch.rand(3, 2, 5, 7, device="meta")).shape[-1], 7)
