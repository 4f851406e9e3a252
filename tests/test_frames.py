from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spoton import frames
from spoton.errors import UsageError


@pytest.mark.parametrize(
    ("p_px", "size", "unit", "fastai"),
    [(0, 28, -1, -1 + 1 / 28), (27, 28, 1, 1 - 1 / 28), (13.5, 28, 0, 0), (39, 40, 1, 0.975), (1, 3, 0, 0)],
)
def test_values_worked_out_by_hand(p_px: float, size: int, unit: float, fastai: float) -> None:
    assert frames.to_unit(p_px, size) == pytest.approx(unit)
    assert frames.to_fastai(p_px, size) == pytest.approx(fastai)


def test_fastai_without_the_half_pixel_is_fastai_s_own_point_scaler() -> None:
    assert frames.to_fastai(39, 40, centred=False) == pytest.approx(0.95)
    # the figures of 2020: px / 14 - 1
    assert frames.to_fastai(11, 28, centred=False) == pytest.approx(11 / 14 - 1)


coordinates = st.floats(-1000, 1000, allow_nan=False)


@given(coordinates, st.integers(2, 2000), st.sampled_from(frames.FRAMES), st.sampled_from(frames.FRAMES))
def test_there_and_back(p: float, size: int, source: str, target: str) -> None:
    there = frames.convert(p, source, target, size)
    assert frames.convert(there, target, source, size) == pytest.approx(p, rel=1e-9, abs=1e-9)


@given(coordinates, st.integers(2, 2000))
def test_a_mirrored_image_mirrors_the_sign(p_px: float, size: int) -> None:
    """Flipping sends pixel p to size - 1 - p: both normalised frames have to turn that into a minus."""
    for frame in ("unit", "fastai"):
        flipped = frames.convert(size - 1 - p_px, "px", frame, size)
        assert flipped == pytest.approx(-frames.convert(p_px, "px", frame, size), rel=1e-9, abs=1e-9)


def test_size_broadcasts_over_x_and_y_and_tensors_stay_tensors() -> None:
    points = torch.tensor([[0.0, 0.0], [39.0, 29.0]], dtype=torch.float64)
    out = frames.convert(points, "px", "unit", torch.tensor([40, 30]))
    assert torch.equal(out, torch.tensor([[-1.0, -1.0], [1.0, 1.0]], dtype=torch.float64))
    assert isinstance(frames.convert(np.zeros((2, 2)), "px", "fastai", np.array([40, 30])), np.ndarray)


def test_kornia_s_definition() -> None:
    """kornia's normalised coordinates are a linspace of pixel centres from -1 to 1."""
    assert np.allclose(frames.to_unit(np.arange(7), 7), np.linspace(-1, 1, 7))


def test_an_unknown_frame_is_named() -> None:
    with pytest.raises(UsageError, match="no frame is called 'pixels'; known: px, unit, fastai"):
        frames.convert(1.0, "pixels", "px", 28)
