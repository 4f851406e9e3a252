"""Points in fastai: `pixel_points` for a DataBlock, `decode_px` for answers, `PointMetric` for `metrics=`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spoton import catalogue, frames
from spoton.errors import DataError, UsageError
from spoton.fastai._quiet import quietly
from spoton.fastai._rows import all_rows, check_learner, parts
from spoton.metrics import all_metrics

with quietly():
    from fastai.data.block import TransformBlock
    from fastai.data.transforms import ItemTransform, Transform
    from fastai.learner import Metric
    from fastai.vision.core import PILBase, PointScaler, TensorImageBase, TensorPoint

NEEDS = ("points", "numbers", "whole")  # what kinds of spoton's metrics points have


def pixel_points() -> Any:
    """A block for points in pixels, in place of fastai's `PointBlock`.

    The function that gets the points returns them as (x, y), x to the right and y down, where (0, 0) is the centre of
    the top-left pixel: one point, or (P, 2). fastai's own block takes the corner of that pixel for its origin, so
    that a flipped point is off by one pixel and a rotated one by up to that.

    Raises:
        DataError: when the data are read: a point outside of its image; the message says where x and y look exchanged.

    Example:
        >>> DataBlock((ImageBlock, pixel_points), get_items=get_image_files, get_y=tip_of)  # doctest: +SKIP
    """
    return TransformBlock(type_tfms=AsPoints(), item_tfms=PixelScaler())


class AsPoints(ItemTransform):
    """What a getter returns as a tensor (P, 2): fastai's own block takes a tuple (x, y) for two things."""

    _retain = False  # a tuple goes in, and none comes out

    def encodes(self, x):  # type: ignore[no-untyped-def]
        """A point, or points."""
        values = np.asarray(x, dtype=np.float32)
        if not values.size or values.ndim > 2 or values.shape[-1] != 2:
            raise DataError(f"points are (x, y) or (P, 2), a getter returned the shape {values.shape}; return x and y")
        return TensorPoint.create(values)


class PixelScaler(Transform):
    """Pixels to fastai's [-1, 1] between the edges of the image, and back, for points that are centres of pixels.

    fastai's `PointScaler`, with half a pixel added on the way in and taken away on the way out.
    """

    order = PointScaler.order

    def __init__(self) -> None:
        super().__init__()
        self.sz: list[int] | None = None

    def setups(self, dl: Any) -> None:
        """Tell fastai how many outputs a model needs."""
        found = [part for part in dl.do_item(None) if isinstance(part, TensorPoint)]
        if found:
            self.c = found[0].numel()

    # fastai finds these by their types, which it reads from the annotations: they must not be texts
    def encodes(self, x):  # type: ignore[no-untyped-def]
        """Images tell their size, points are scaled by it."""
        if isinstance(x, TensorPoint):
            size = self._size(x)
            check_inside(x, size)
            return TensorPoint(frames.to_fastai(x, torch.tensor(size)), img_size=size)
        return self._grab(x)

    def decodes(self, x):  # type: ignore[no-untyped-def]
        """The way back."""
        if isinstance(x, TensorPoint):
            size = self._size(x)
            return TensorPoint(frames.from_fastai(x.view(-1, 2), torch.tensor(size)), img_size=size)
        return self._grab(x)

    def _grab(self, x: Any) -> Any:
        if isinstance(x, TensorImageBase):
            self.sz = [x.shape[-1], x.shape[-2]]
        elif isinstance(x, PILBase):
            self.sz = list(x.size)
        return x

    def _size(self, x: Any) -> list[int]:
        size: list[int] = x.img_size if self.sz is None else self.sz
        return size


def check_inside(points_px: Any, size: Sequence[int]) -> None:
    """Refuse points outside of an image.

    Args:
        points_px: (P, 2), x and y in pixels.
        size: (W, H) in pixels.

    Raises:
        DataError: a point outside; it says where x and y look exchanged.
    """
    points = torch.as_tensor(points_px).as_subclass(Tensor)
    outside = _outside(points, size)
    if not bool(outside.any()):
        return
    x, y = (float(v) for v in points[outside][0])
    width, height = size
    message = f"the point ({x:g}, {y:g}) lies outside of its image, {width} pixels wide and {height} high"
    if not bool(_outside(points.flip(-1), size).any()):
        raise DataError(f"{message}, and inside as (row, column); a point is (x, y): return (column, row)")
    raise DataError(f"{message}; points are (x, y) in pixels of the image as it is read, before any resizing")


def _outside(points: Tensor, size: Sequence[int]) -> Tensor:
    ends = torch.tensor([frames.edges_px(side) for side in size], dtype=points.dtype)
    return ((points < ends[:, 0]) | (points > ends[:, 1]) | points.isnan()).any(-1)


def scaler_of(learn: Any) -> Any:
    """What scales the points of a Learner's data, or None where it has no points."""
    fs = getattr(getattr(check_learner(learn).dls.valid, "after_item", None), "fs", ())
    return next((f for f in fs if isinstance(f, PixelScaler | PointScaler)), None)


def decode_px(learn: Any, answers: Any, size: tuple[int, int] | None = None) -> Tensor:
    """Answers of a Learner of points in pixels: (x, y) from the centre of the top-left pixel.

    Args:
        learn: a Learner whose data have points, from `pixel_points` or fastai's own `PointBlock`. Of the latter, pixels
            are what its getter returned.
        answers: (n, 2 P) or (n, P, 2), what the model or `learn.get_preds()` gives; or targets.
        size: (W, H) of the images in pixels, as the model gets them; by default those of the first validation rows.

    Returns:
        (n, P, 2), float32 at least, on the CPU.

    Raises:
        UsageError: data without points.
        DataError: an odd number of coordinates.

    Example:
        >>> points_px = decode_px(learn, learn.get_preds()[0])  # doctest: +SKIP
    """
    scaler = scaler_of(learn)
    if scaler is None:
        raise UsageError("the data of this Learner have no points; make them with pixel_points or fastai's PointBlock")
    if size is None:
        with all_rows(learn, "valid") as loader:
            images = parts(learn, loader.one_batch())[0][0]
        size = (images.shape[-1], images.shape[-2])
    values = torch.as_tensor(answers).detach().as_subclass(Tensor).cpu()
    return to_px(values, size, scaler)


def to_px(values: Tensor, size: tuple[int, int], scaler: Any) -> Tensor:
    """(n, P, 2) in pixels, from what a scaler made."""
    flat = values.reshape(len(values), -1)
    if flat.shape[1] % 2:
        raise DataError(f"points come as x and y, these are {flat.shape[1]} coordinates; set n_out to two a point")
    points = flat.reshape(len(flat), -1, 2)
    points = points.to(torch.promote_types(points.dtype, torch.float32))
    if isinstance(scaler, PointScaler) and not scaler.do_scale:
        return points
    decoded: Tensor = frames.from_fastai(points, points.new_tensor(size), centred=isinstance(scaler, PixelScaler))
    return decoded


class PointMetric(Metric):
    """A metric of points in pixels, over all rows of a validation.

    Args:
        metric: one of spoton's: `dist_avg` (mean distance), `hit` (share of rows with all coordinates exact after
            rounding), `hit1` (all points within one pixel), `dist_r2`, `sqdist_avg`, `mae`, ...

    Raises:
        UnknownName: no such metric.

    Example:
        >>> learn = vision_learner(dls, resnet18, metrics=[PointMetric(), PointMetric("hit1")])  # doctest: +SKIP
    """

    def __init__(self, metric: str = "dist_avg") -> None:
        known = {name: m for name, m in all_metrics().items() if m.needs in NEEDS}
        if metric not in known:
            raise catalogue.unknown("metric of points", metric, sorted(known))
        self.metric = known[metric]
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.actual: list[Any] = []
        self.predicted: list[Any] = []

    def accumulate(self, learn: Any) -> None:
        """Take a batch."""
        scaler = scaler_of(learn)
        if scaler is None:
            raise UsageError("PointMetric needs data with points; make them with pixel_points or fastai's PointBlock")
        image = learn.xb[0]
        size = (image.shape[-1], image.shape[-2])
        for held, values in ((self.actual, learn.yb[0]), (self.predicted, learn.pred)):
            held.append(to_px(learn.to_detach(values).as_subclass(Tensor), size, scaler).double().numpy())

    @property
    def value(self) -> float | None:
        """Over all rows."""
        if not self.actual:
            return None
        actual, predicted = np.concatenate(self.actual), np.concatenate(self.predicted)
        if self.metric.needs != "points":
            actual, predicted = actual.reshape(len(actual), -1), predicted.reshape(len(predicted), -1)
        return self.metric.fn(actual, predicted)

    @property
    def name(self) -> str:
        """As in spoton's tables."""
        return self.metric.name
