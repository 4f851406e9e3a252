"""Coordinate channels, worked out by hand."""

from __future__ import annotations

import pytest
import torch

from spoton import frames
from spoton.errors import DataError
from spoton.layers import CoordChannels, coord_channels


def test_worked_out_by_hand() -> None:
    x = torch.full((1, 2, 3), 7.0)
    found = coord_channels(x, radius=True)
    assert torch.equal(found[:1], x)
    assert found[1].tolist() == [[-1, 0, 1], [-1, 0, 1]]
    assert found[2].tolist() == [[-1, -1, -1], [1, 1, 1]]
    assert found[3].flatten().tolist() == pytest.approx([2**0.5, 1, 2**0.5] * 2)


def test_they_are_the_unit_frame_of_any_batch() -> None:
    found = CoordChannels()(torch.zeros(2, 3, 4, 5, 7))
    assert found.shape == (2, 3, 4 + CoordChannels().extra, 5, 7)
    assert torch.allclose(frames.from_unit(found[1, 2, 4, 3], 7), torch.arange(7.0), atol=1e-6)
    assert torch.allclose(frames.from_unit(found[1, 2, 5, :, 6], 5), torch.arange(5.0), atol=1e-6)


def test_an_axis_of_one_pixel_lies_in_the_middle() -> None:
    assert coord_channels(torch.zeros(1, 1, 2))[1:].tolist() == [[[-1.0, 1.0]], [[0.0, 0.0]]]


def test_a_flipped_image_has_flipped_coordinates() -> None:
    found = coord_channels(torch.zeros(1, 5, 8, dtype=torch.float64), radius=True)
    signs = torch.tensor([1, -1, 1, 1]).reshape(4, 1, 1)
    assert torch.allclose(found.flip(-1), found * signs)


def test_images_without_channels_are_named() -> None:
    with pytest.raises(DataError, match=r"numbers \(..., C, H, W\), this is of shape \(5, 7\); add the axes"):
        coord_channels(torch.zeros(5, 7))
