"""What a net cannot take is said in a sentence, and no image of another layout passes in silence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from spoton import nets
from spoton.errors import DataError
from spoton.nets import GatedSpot, SpotNet, harden
from spoton.nets._harden import HardNet

SHAPE = (1, 16, 20)
IMAGES = ("SpotNet", "GatedSpot", "LogScanNet", "KeypointNet", "UNetDSNT", "UNetHeatmap", "SimCC", "CoordConv", "STN")
IMAGES += ("ViTSmall", "ResNet18", "ResNet18LogScan", "HardNet")
ONE_SIZE = ("SimCC", "STN", "ViTSmall")


def made(name: str) -> nn.Module:
    if name == "HardNet":
        return HardNet(GatedSpot(SHAPE), SHAPE)
    net: nn.Module = getattr(nets, name)(SHAPE, 2)
    return net.eval()


@pytest.mark.parametrize("name", IMAGES)
def test_images_that_are_none(name: str) -> None:
    net, x = made(name), torch.rand(2, *SHAPE)
    for wrong in (x[:, 0], x[0, 0], x[:, :, :0]):
        with pytest.raises(DataError, match=r"images .*\(.*H, W\)|takes images \(B, 1"):
            net(wrong)
    with pytest.raises(DataError, match=r"torch.uint8; give x.float\(\), and x / 255"):
        net((x * 255).byte())
    if name != "SpotNet":  # which takes the brightest channel
        with pytest.raises(DataError, match=r"takes images \(B, 1, .*\), these have the shape \(2, 3, 16, 20\)"):
            net(x.repeat(1, 3, 1, 1))
        with pytest.raises(DataError, match=r"weights of torch.float32, .* give x.to\(torch.float32\)"):
            net(x.double())
        with torch.autocast("cpu"):
            net(x)
    if name in ONE_SIZE:
        with pytest.raises(DataError, match=r"takes images \(B, 1, 16, 20\)"):
            net(torch.rand(2, 1, 20, 16))
    with torch.no_grad():
        found = net(x[:0])
    assert len(found[0] if isinstance(found, tuple) else found) == 0


@pytest.mark.parametrize("name", ["OrderNet", "PointerNet", "DeepSets"])
def test_lists_that_are_none(name: str) -> None:
    net = getattr(nets, name)()
    for wrong in (torch.rand(5), torch.rand(2, 3, 5), torch.rand(2, 0)):
        with pytest.raises(DataError, match=r"lists"):
            net(wrong)


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(DataError, match=r"takes 784 numbers an example, these have the shape \(2, 1, 20, 30\)"):
        nets.BaseNet()(torch.rand(2, 1, 20, 30))


@pytest.mark.parametrize("net", [SpotNet(), GatedSpot()])
def test_nets_of_float64_become_hard(net: nn.Module) -> None:
    X = np.random.RandomState(0).rand(3, 28, 28)
    assert harden(net.double(), X, atleast=0).rows == 3
    if isinstance(net, GatedSpot):
        with pytest.raises(DataError, match=r"takes images \(B, 1, H, W\)"):
            harden(net, X[:, None].repeat(3, axis=1))
