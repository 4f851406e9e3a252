"""`spot_head` and `image_learner`: heads of spoton's layers on fastai's bodies, images of any number of channels."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from spoton import frames
from spoton.errors import DataError, UsageError
from spoton.fastai._quiet import quietly
from spoton.fastai._rows import all_rows, parts
from spoton.layers import soft_argmax2d

with quietly():
    from fastai.callback.hook import num_features_model
    from fastai.vision.learner import create_body, model_meta, vision_learner


Arch = Callable[..., nn.Module] | str


def spot_head(arch: Arch | int, points: int = 1, *, ups: int = 2, width: int = 64) -> nn.Module:
    """A head for `vision_learner` that answers with points, read off heatmaps.

    fastai's own head pools the body's map: where things are is lost, and has to be kept in how features are mixed. This
    one doubles the map `ups` times, makes one heatmap a point, and answers with its expected point
    (`spoton.layers.soft_argmax2d`), in the frame of `pixel_points` and `PointBlock`. So all points lie in the image.

    Args:
        arch: what `vision_learner` gets (a model of torchvision, the name of one of timm), or the number of channels of
            the body's last map.
        points: number of points.
        ups: how often the map is doubled.
        width: channels of the doubled maps.

    Returns:
        For `custom_head=`: features (B, F, h, w) -> (B, 2 points), each x and y.

    Raises:
        UsageError: numbers that are too small, an `arch` that is none of these, or a name that timm does not know.

    Limits: the map of a ResNet has a 32nd of the image's side; images of 64 pixels and more keep something to point
    at. A point nearer to the edge of the image than half a cell of the heatmap is out of reach. A loss of distances
    leaves a heatmap where it first became sharp; for exact pixels train all but the last layer, which gives the
    heatmaps (B, points, h, w), by cross-entropy (docs/fastai.md).

    Example:
        >>> head = spot_head(resnet18, points=2)  # doctest: +SKIP
        >>> learn = vision_learner(dls, resnet18, custom_head=head, loss_func=MSELossFlat())  # doctest: +SKIP
    """
    if points < 1 or ups < 0 or width < 1:
        raise UsageError(f"points and width are 1 or more and ups 0 or more, these are {points}, {width} and {ups}")
    features = arch if isinstance(arch, int) else _features(arch)
    layers: list[nn.Module] = []
    for _ in range(ups):
        layers += [
            nn.Upsample(scale_factor=2, mode="bilinear"),
            nn.Conv2d(features, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        features = width
    return nn.Sequential(*layers, nn.Conv2d(features, points, 1), HeatmapPoints())


def _features(arch: Arch) -> int:
    """Channels of the last map of a body, from a forward pass of a net of random weights."""
    if isinstance(arch, str):
        return _features_of_timm(arch)
    if not callable(arch):
        raise UsageError(
            f"arch is what vision_learner gets, such as resnet18, or a number of channels; {arch!r} is neither"
        )
    with quietly(), torch.random.fork_rng():
        body = create_body(arch(weights=None), pretrained=False, cut=model_meta.get(arch, {}).get("cut"))
        return int(num_features_model(body))


def _features_of_timm(arch: str) -> int:
    """Channels of a model that `vision_learner` makes by its name."""
    try:
        timm = import_module("timm")
    except ImportError:
        raise UsageError(
            f"models are known by their names, as '{arch}', where timm is installed; install it, or give the function"
            " itself, such as torchvision.models.resnet18"
        ) from None
    if not timm.is_model(arch):
        raise UsageError(
            f"timm has no model '{arch}'; timm.list_models('*resnet*') lists those with a word in the name"
        )
    return int(timm.create_model(arch, num_classes=0).num_features)


class HeatmapPoints(nn.Module):
    """The expected point of each heatmap, in fastai's frame.

    Shape: logits (B, P, h, w) -> (B, 2 P).
    """

    def forward(self, z: Tensor) -> Tensor:
        """Points."""
        cells = soft_argmax2d(z, frame="px")
        # a cell covers a part of the image from edge to edge, as a pixel does
        points: Tensor = frames.to_fastai(cells, cells.new_tensor([z.shape[-1], z.shape[-2]]))
        return points.flatten(1)


def image_learner(dls: Any, arch: Arch, **options: Any) -> Any:
    """fastai's `vision_learner` for images of as many channels as they have.

    Given images of one channel, `vision_learner` builds a model for three and puts a `Normalize` of three colours into
    the DataLoaders, which makes three channels of one in every later batch, for whoever uses these DataLoaders. This
    one looks at a batch and asks for as many channels; the first layer of a pretrained model is adapted by fastai.

    Args:
        dls: DataLoaders of images (B, C, H, W). With another number of channels than 3 they stay as they are: scale the
            images in the DataBlock.
        arch: a model of torchvision, or the name of one of timm.
        options: what `vision_learner` takes.

    Returns:
        The Learner.

    Raises:
        DataError: a batch is no images.

    Example:
        >>> learn = image_learner(dls, resnet18, loss_func=MSELossFlat())  # doctest: +SKIP
    """
    images = _first_images(dls)
    if not isinstance(images, Tensor) or images.ndim != 4:
        raise DataError(f"image_learner takes batches of images (B, C, H, W), not {getattr(images, 'shape', images)}")
    return vision_learner(dls, arch, **{"n_in": images.shape[1], **options})


def _first_images(dls: Any) -> Any:
    stand_in = type("Stand", (), {"dls": dls, "model": nn.Identity()})()
    with all_rows(stand_in, "train") as loader:
        return parts(stand_in, loader.one_batch())[0][0]
