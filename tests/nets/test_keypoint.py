"""`KeypointNet`: how far its backbones see, and that both keep the image's size."""

from __future__ import annotations

import pytest
import torch

from spoton.nets import KeypointNet


@pytest.mark.parametrize(("pools", "least", "most"), [(0, 4, 4), (3, 16, 39)])
def test_poolings_let_it_see_further(pools: int, least: int, most: int) -> None:
    torch.manual_seed(0)
    net = KeypointNet((1, 24, 40), 4, width=5, pools=pools).eval()
    images = torch.rand(2, 1, 24, 40, requires_grad=True)
    net.backbone(images)[:, :, 0, 0].sum().backward()
    assert images.grad is not None
    assert least <= int(images.grad.nonzero()[:, 3].max()) <= most


@pytest.mark.parametrize("pools", [0, 2])
def test_it_answers_with_pixels_of_images_of_any_size(pools: int) -> None:
    torch.manual_seed(0)
    net = KeypointNet((3, 16, 20), 6, width=5, pools=pools).eval()
    log_p = net(torch.rand(2, 3, 17, 21))
    assert log_p.shape == (2, 6, 21)
    assert (log_p.exp().sum(-1) < 1 + 1e-5).all()  # the rest is the probability that a scan finds nothing
    assert (log_p[:, 1::2, 17:].exp() == 0).all()  # no row is beyond the image
    assert net.decode(log_p).shape == (2, 6)
