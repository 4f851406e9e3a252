"""Points: the centre of a pixel is half a pixel inside of its edge; figures are in pixels."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import torch
from plain_fastai import quiet
from torch import nn
from torchvision.models import resnet18

from spoton.errors import DataError, UnknownName, UsageError
from spoton.fastai import CSVHistory, PointMetric, decode_px, evaluate, image_learner, pixel_points, spot_head
from spoton.fastai._quiet import quietly

with quietly():
    from fastai.callback.progress import CSVLogger
    from fastai.data.block import DataBlock
    from fastai.data.transforms import IndexSplitter, get_c
    from fastai.learner import Learner, load_learner
    from fastai.losses import MSELossFlat
    from fastai.vision.augment import Flip
    from fastai.vision.core import PILImage, PILImageBW
    from fastai.vision.data import ImageBlock, PointBlock
    from fastai.vision.learner import vision_learner

W, H = 20, 14
POINTS = np.stack([np.arange(12) + 4, np.arange(12) % 9 + 2], axis=1)


def dot(i: int) -> Any:
    """An image that is black but for one pixel."""
    image = np.zeros((H, W), np.uint8)
    x, y = POINTS[i]
    image[y, x] = 255
    return image


def colour(i: int) -> Any:
    return np.stack([dot(i)] * 3, axis=-1)


def point(i: int) -> Any:
    return POINTS[i].tolist()


def data(block: Any, get_y: Any = point, image: Any = PILImageBW, **options: Any) -> Any:
    get_x = dot if image is PILImageBW else colour
    splitter = IndexSplitter(list(range(8, 12)))
    dblock = DataBlock((ImageBlock(image), block), get_x=get_x, get_y=get_y, splitter=splitter, **options)
    return dblock.dataloaders(list(range(12)), bs=4, num_workers=0)


class BrightestPixel(nn.Module):
    """Answers with the centre of the brightest pixel, in fastai's frame."""

    def __init__(self) -> None:
        super().__init__()
        self.dummy = nn.Parameter(torch.zeros(1))

    def forward(self, images: Any) -> Any:
        images = images.as_subclass(torch.Tensor)
        flat = images[:, 0].flatten(1).argmax(1)
        x, y = flat % images.shape[-1], flat // images.shape[-1]
        return torch.stack([2 * (x + 0.5) / images.shape[-1] - 1, 2 * (y + 0.5) / images.shape[-2] - 1], 1) + self.dummy


def learner(dls: Any, **options: Any) -> Any:
    return quiet(Learner(dls, BrightestPixel(), loss_func=MSELossFlat(), **options))


def distances(dls: Any) -> Any:
    """Of the targets of a training batch, after augmentation, from the brightest pixel; in pixels."""
    images, targets = dls.train.one_batch()
    answers = BrightestPixel()(images)
    return ((answers.view(-1, 1, 2) - targets.as_subclass(torch.Tensor)).abs() * torch.tensor([W / 2, H / 2])).flatten(
        1
    )


def test_a_flipped_pixel_stays_where_it_is() -> None:
    flip = [Flip(p=1.0)]
    # in a frame from edge to edge the corner of the pixel goes to the corner on its other side
    off = distances(data(PointBlock, batch_tfms=flip)).detach().numpy()
    assert off == pytest.approx(np.tile([0.5, 0.5], (4, 1)), abs=1e-3)
    images, targets = data(PointBlock, batch_tfms=flip).train.one_batch()
    flipped_px = (targets.as_subclass(torch.Tensor)[:, 0, 0] + 1) * W / 2
    seen_px = images.as_subclass(torch.Tensor)[:, 0].amax(1).argmax(1)
    assert (flipped_px - seen_px).numpy() == pytest.approx(np.ones(4), abs=1e-3), "PointBlock flips by centres now"
    assert distances(data(pixel_points, batch_tfms=flip)).detach().numpy() == pytest.approx(np.zeros((4, 2)), abs=1e-3)


def test_what_is_decoded_is_what_was_given(tmp_path: Any) -> None:
    learn = learner(data(pixel_points), path=tmp_path)
    assert get_c(learn.dls) == 2
    answers, targets = learn.get_preds()
    assert decode_px(learn, targets).numpy() == pytest.approx(POINTS[8:, None], abs=1e-4)
    assert decode_px(learn, answers).numpy() == pytest.approx(POINTS[8:, None], abs=1e-4)
    assert decode_px(learn, answers, size=(W, H)).shape == (4, 1, 2)
    assert learn.dls.decode_batch((torch.rand(1, 1, H, W), targets[:1]))[0][1].numpy() == pytest.approx(
        POINTS[8:9], abs=1e-4
    )
    assert learn.predict(8)[0].numpy() == pytest.approx(POINTS[8:9], abs=1e-4)
    learn.export("points.pkl")
    with quietly():
        again = quiet(load_learner(tmp_path / "points.pkl"))
    assert again.predict(9)[0].numpy() == pytest.approx(POINTS[9:10], abs=1e-4)

    plain = learner(data(PointBlock))  # what its getter gave
    assert decode_px(plain, plain.get_preds()[1]).numpy() == pytest.approx(POINTS[8:, None], abs=1e-4)
    with pytest.raises(DataError, match="3 coordinates"):
        decode_px(plain, torch.zeros(2, 3))


def test_metrics_are_in_pixels() -> None:
    learn = learner(data(pixel_points), metrics=[PointMetric(), PointMetric("hit"), PointMetric("mae")])
    with torch.no_grad():
        learn.model.dummy += 2 * 3 / W  # three pixels to the right, and 3 H / W down
    _, distance, hit, mae = learn.validate()
    down = 3 * H / W
    assert distance == pytest.approx(np.hypot(3, down), rel=1e-4)
    assert (hit, mae) == (0, pytest.approx((3 + down) / 2, rel=1e-4))
    assert [m.name for m in learn.metrics] == ["dist_avg", "hit", "mae"]
    seen = evaluate(learn)
    assert seen["dist_avg"] == pytest.approx(distance, rel=1e-4)
    assert seen["mae:x0"] == pytest.approx(3, rel=1e-4)
    with torch.no_grad():
        learn.model.dummy.zero_()
    assert evaluate(learn)["hit"] == evaluate(learn, "train")["hit"] == 1
    with pytest.raises(UnknownName, match="dist_avg"):
        PointMetric("dist")


def as_tuple(i: int) -> Any:
    return tuple(point(i))


def of_three(i: int) -> Any:
    return [1, 2, 3]


def test_what_a_getter_returns() -> None:
    with pytest.raises(RuntimeError, match="invalid for input of size 1"):
        data(PointBlock, as_tuple)
    assert torch.equal(data(pixel_points, as_tuple).valid.one_batch()[1], data(pixel_points).valid.one_batch()[1])
    with pytest.raises(DataError, match=r"a getter returned the shape \(3,\)"):
        data(pixel_points, of_three)


def turned(i: int) -> Any:
    return POINTS[i][::-1].tolist()


def outside(i: int) -> Any:
    return [25, 3] if i == 11 else point(i)


def test_points_outside_and_row_before_column() -> None:
    data(PointBlock, turned).valid.one_batch()  # fastai takes them
    with pytest.raises(DataError, match=r"\(3, 14\) lies outside .* 20 pixels wide and 14 high, and inside as \(row,"):
        data(pixel_points, turned).valid.one_batch()
    with pytest.raises(DataError, match=r"\(25, 3\) lies outside of its image"):
        data(pixel_points, outside).valid.one_batch()


def test_test_time_augmentation_writes_nothing(tmp_path: Any) -> None:
    learn = learner(data(pixel_points), cbs=[CSVLogger("plain.csv"), CSVHistory("ours.csv")], path=tmp_path)
    learn.fit(2)
    before = {name: (tmp_path / name).read_text() for name in ("plain.csv", "ours.csv")}
    learn.tta(n=1)
    assert (tmp_path / "plain.csv").read_text() != before["plain.csv"], "tta() leaves CSVLogger's file alone now"
    assert (tmp_path / "ours.csv").read_text() == before["ours.csv"]


def test_a_head_of_two_lines_learns_a_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    dls = data(pixel_points, image=PILImage)
    learn = quiet(Learner(dls, nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), spot_head(8, ups=0)), MSELossFlat()))
    torch.manual_seed(0)
    learn.fit(40, 0.1)
    assert evaluate(learn)["dist_avg"] < 1
    out = spot_head(8, points=3)(torch.randn(2, 8, 5, 7))
    assert out.shape == (2, 6)
    assert out.abs().max() < 1
    for wrong in ({"points": 0}, {"ups": -1}, {"width": 0}):
        with pytest.raises(UsageError, match="1 or more"):
            spot_head(8, **wrong)
    with pytest.raises(UsageError, match=r"such as resnet18, or a number of channels; None is neither"):
        spot_head(None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a fastai Learner is expected, this is a Tensor without dls"):
        decode_px(out, out)
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UsageError, match=r"known by their names, as 'resnet26', where timm is installed"):
        spot_head("resnet26")


def test_a_head_on_fastai_s_vision_learner() -> None:
    dls = data(pixel_points, image=PILImage)
    state = torch.get_rng_state()
    head = spot_head(resnet18, points=1, width=8)
    assert head[1].in_channels == 512
    assert not torch.equal(torch.get_rng_state(), state)  # the head's own weights
    learn = quiet(vision_learner(dls, resnet18, pretrained=False, custom_head=head, loss_func=MSELossFlat()))
    learn.fit(1)
    assert decode_px(learn, learn.get_preds()[0]).shape == (4, 1, 2)


def test_images_of_one_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import _api

    weights = resnet18(weights=None).state_dict()
    monkeypatch.setattr(_api, "load_state_dict_from_url", lambda *_, **__: weights)
    dls = data(pixel_points)
    assert dls.one_batch()[0].shape == (4, 1, H, W)
    vision_learner(dls, resnet18, loss_func=MSELossFlat())
    assert dls.one_batch()[0].shape == (4, 3, H, W), "vision_learner leaves images of one channel alone now"

    dls = data(pixel_points)
    learn = image_learner(dls, resnet18, loss_func=MSELossFlat())
    assert dls.one_batch()[0].shape == (4, 1, H, W)
    assert learn.model[0][0].in_channels == 1
    learn.dls = dls
    quiet(learn).fit(1)
    assert evaluate(learn)["dist_avg"] >= 0
