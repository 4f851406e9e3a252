"""What each peer does that another does not, on nets of small size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spoton import ink
from spoton.errors import Refused, UsageError
from spoton.layers import LOG_SCAN_CHANNELS
from spoton.nets import (
    STN,
    CoordConv,
    LogScanNet,
    ResNet18,
    ResNet18LogScan,
    SimCC,
    UNetDSNT,
    UNetHeatmap,
    ViTSmall,
)
from spoton.nets._simcc import BinNLL
from spoton.nets._unet import UNet
from spoton.nets._vit import sine_positions

POINTING = (STN, LogScanNet, SimCC, UNetDSNT, UNetHeatmap)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def images(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("net", POINTING)
def test_nets_that_point_want_pairs(net: type[nn.Module]) -> None:
    with pytest.raises(Refused, match=r"answers with points \(x, y\), and 3 answers are no pairs; take resnet18"):
        net((1, 28, 28), 3)


@pytest.mark.parametrize("net", [*POINTING, CoordConv, ResNet18LogScan, ViTSmall])
def test_tables_are_refused(net: type[nn.Module]) -> None:
    with pytest.raises(Refused, match="takes images, and this task is a table"):
        net((72,), 2)


def test_unet_keeps_every_size() -> None:
    net = UNet(2, 3, width=4, depth=3).eval()
    for height, width in ((16, 24), (17, 23), (5, 9)):
        assert net(images(2, 2, height, width)).shape == (2, 3, height, width)


def test_unet_s_parameters_worked_out_by_hand() -> None:
    """Convolutions without bias, two numbers a channel of normalisation, transposed convolutions of 2 x 2 with bias."""
    down = (9 * 2 * 4 + 9 * 4 * 4 + 4 * 4) + (9 * 4 * 8 + 9 * 8 * 8 + 4 * 8)
    up = (4 * 8 * 4 + 4) + (9 * 8 * 4 + 9 * 4 * 4 + 4 * 4)
    assert count(UNet(2, 3, width=4, depth=1)) == down + up + 4 * 3 + 3


def test_unet_moves_with_the_image() -> None:
    net = UNet(1, 1, width=4, depth=2).eval()
    x = torch.zeros(1, 1, 64, 64)
    x[..., 24:32, 24:32] = images(8, 8)
    moved = torch.roll(net(x), (4, 8), (-2, -1))
    assert torch.allclose(net(torch.roll(x, (4, 8), (-2, -1)))[..., 20:52, 20:52], moved[..., 20:52, 20:52], atol=1e-5)


def test_positions_of_patches_worked_out_by_hand() -> None:
    """Width 8: two wavelengths; the patch of row 2 and column 1 comes last of 3 x 2."""
    table = sine_positions(3, 2, 8)
    assert table.shape == (6, 8)
    angles = torch.tensor([1.0, 1e-4, 2.0, 2e-4])
    assert torch.allclose(table[-1], torch.cat([angles.sin(), angles.cos()]))
    assert len(torch.unique(table, dim=0)) == 6


def test_vit_pads_to_whole_patches() -> None:
    net = ViTSmall((1, 10, 13), 2, width=16, depth=1).eval()
    whole = ViTSmall((1, 12, 16), 2, width=16, depth=1).eval()
    whole.load_state_dict(net.state_dict())
    x = images(3, 1, 10, 13)
    padded = torch.zeros(3, 1, 12, 16)
    padded[..., :10, :13] = x
    assert torch.allclose(net(x), whole(padded), atol=1e-6)
    with pytest.raises(UsageError, match="multiple of 4 and of heads"):
        ViTSmall(width=30)


def test_a_spatial_transformer_carries_points_back() -> None:
    """With the map q -> (q_x / 2 + 0.25, q_y), points of the window lie where the map puts them in the image."""
    net = STN((1, 9, 9), 4, width=4).eval()
    with torch.no_grad():
        for layer in (net.find[-1], net.place[-1]):
            layer.weight.zero_()  # type: ignore[operator, union-attr]
        net.find[-1].bias.copy_(torch.tensor([0.0, 0.0, 1.0, -1.0]))  # type: ignore[operator, union-attr]
        x = images(2, 1, 9, 9)
        assert net(x).tolist() == [[4, 4, 8, 0]] * 2
        net.place[-1].bias.copy_(torch.tensor([0.5, 0, 0.25, 0, 1, 0]))  # type: ignore[operator, union-attr]
        assert net(x).tolist() == [[5, 4, 7, 0]] * 2
    assert net.decode(torch.tensor([[-3.0, 2.5, 9.0, 7.0]])).tolist() == [[0, 2.5, 8, 7]]


def test_bins_worked_out_by_hand() -> None:
    log_p = torch.log(torch.tensor([[[0.5, 0.25, 0.125, 0.125]]]))
    assert BinNLL()(log_p, torch.tensor([[1.0]])).item() == pytest.approx(np.log(4))
    assert BinNLL(split=2)(log_p, torch.tensor([[1.0]])).item() == pytest.approx(np.log(8))
    near = BinNLL(sigma=0.1)(log_p, torch.tensor([[1.0]])).item()
    assert near == pytest.approx(np.log(4), abs=1e-6)
    # two bins at the same distance share the weight
    assert BinNLL(sigma=0.1)(log_p, torch.tensor([[1.5]])).item() == pytest.approx(np.log(32) / 2, abs=1e-5)


def test_simcc_reads_half_pixels_off_split_bins() -> None:
    net = SimCC((1, 8, 12), 2, width=4, split=2)
    out = net(images(3, 1, 8, 12))
    assert out.shape == (3, 2, 24)
    assert (out[:, 1, 16:] < -1e4).all(), "rows that the image does not have"
    log_p = torch.full((1, 2, 24), -9.0)
    log_p[0, 0, 7], log_p[0, 1, 4] = 0, 0
    assert net.decode(log_p).tolist() == [[3.5, 2]]
    with pytest.raises(UsageError, match="split of 1 or more"):
        SimCC(split=0)


def test_coordconv_knows_where_things_are() -> None:
    """A blob moved far from the edges changes the answer; without coordinates the maximum would not see it."""
    net = CoordConv((1, 32, 32), 2, width=4).eval()
    x = torch.zeros(1, 1, 32, 32)
    x[..., 8:11, 8:11] = 50 * images(3, 3)  # bright, or the maxima come from the edges
    assert not torch.allclose(net(x), net(torch.roll(x, (8, 8), (-2, -1))))


def test_the_heatmap_nets_read_the_right_pixel() -> None:
    heights = torch.zeros(1, 2, 7, 9)
    heights[0, 0, 4, 3], heights[0, 1, 2, 5] = 90, 90
    log_p = torch.log_softmax(heights.flatten(-2), -1).view_as(heights)
    for net in (UNetHeatmap((1, 7, 9), 4), UNetDSNT((1, 7, 9), 4), LogScanNet((1, 7, 9), 4)):
        assert net.decode(log_p).tolist() == [[3, 4, 5, 2]]  # type: ignore[operator]


def test_heatmaps_of_squared_error_are_heights() -> None:
    net = UNetHeatmap((1, 7, 9), 4, loss="mse", sigma=1.0)
    out = net(images(2, 1, 7, 9))
    net.criterion()(out, torch.full((2, 4), 3.0)).backward()
    assert (out < 0).any()
    assert not torch.allclose(out.exp().sum((-1, -2)), torch.ones(2, 2))
    for options, words in (({"loss": "l1"}, "known: nll, mse"), ({"loss": "mse"}, "needs a Gaussian with a sigma")):
        with pytest.raises(UsageError, match=words):
            UNetHeatmap(**options)  # type: ignore[arg-type]


def test_logscan_finds_points_with_weights_set_by_hand() -> None:
    """ink + topleft is the first ink pixel, and the like for the other scans: no training needed."""
    masks = np.random.RandomState(0).rand(20, 6, 8) < 0.2
    masks = masks[masks.any(axis=(1, 2))]
    x = torch.from_numpy(masks).float()[:, None]
    for scan in ("topleft", "rightbottom"):
        net = LogScanNet((1, 6, 8), 2)
        assert count(net) == 2 + 1 + len(LOG_SCAN_CHANNELS) + 1
        last = net.maps[-1]
        with torch.no_grad():
            last.weight.zero_()  # type: ignore[operator, union-attr]
            for channel in ("ink", scan):
                last.weight[0, 1 + LOG_SCAN_CHANNELS.index(channel)] = 5.0  # type: ignore[index, union-attr]
        assert np.array_equal(net.decode(net(x)).numpy(), ink.point(masks, scan))


def test_scan_channels_are_left_out_on_demand() -> None:
    plain = LogScanNet((1, 6, 8), 2, scan=False)
    assert count(plain) == 2
    deep = LogScanNet((1, 6, 8), 2, width=4, depth=2)
    assert count(deep) == 2 + 9 * 16 * 4 + 8 + 9 * 4 * 4 + 8 + 4 + 1
    assert count(UNetHeatmap(scan=True)) - count(UNetHeatmap()) == 2 + 9 * 15 * 8


def test_resnet18_with_channels_is_resnet18_but_for_its_first_layer() -> None:
    assert count(ResNet18LogScan()) == count(ResNet18()) + 2 + 64 * 15 * 49
