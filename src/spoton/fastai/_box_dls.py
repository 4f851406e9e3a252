"""`detection_dls`: fastai's DataLoaders of images with their boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spoton.errors import DataError, UsageError
from spoton.fastai._box_data import Annotations, BoxRecord
from spoton.fastai._box_show import show_boxes
from spoton.fastai._quiet import quietly
from spoton.fastai._splits import splits

with quietly():
    from fastai.data.core import DataLoaders, TfmdDL
    from fastai.torch_core import default_device

Target = dict[str, Tensor]


def detection_dls(
    annotations: Annotations,
    *,
    valid: float | Sequence[int] = 0.2,
    bs: int = 8,
    val_bs: int | None = None,
    seed: int = 0,
    flip: float = 0.0,
    flip_pairs: Sequence[tuple[int, int]] = (),
    path: str | Path = ".",
    device: Any = None,
    **options: Any,
) -> Any:
    """DataLoaders of images with boxes.

    A batch is (images, targets, rows). Images are a list of float tensors (3, H, W) from 0 to 1, each of its own size;
    targets a list of dicts as torchvision's detectors take them: `boxes` (k, 4), `labels` (k,), with keypoints
    `keypoints` (k, P, 3); `areas`, and the boxes of crowds, for scores alone. Rows are the numbers of the images in
    their part of the annotations. The model gets the first two, also in validation: its losses need the targets.

    Args:
        annotations: of a reader, or made by hand.
        valid: the share of images to hold out, or their numbers.
        bs: images a step; the last, incomplete batch of training is left out.
        val_bs: images a step in validation; as `bs` by default.
        seed: draws the images that are held out.
        flip: the share of training images that is mirrored, left to right, anew in each epoch.
        flip_pairs: keypoints that change places in a mirrored image, as (left eye, right eye).
        path: where the Learner saves and exports.
        device: where batches go; fastai's default, a GPU where there is one.
        options: what fastai's `DataLoader` takes, as `num_workers`.

    Returns:
        fastai's DataLoaders. `dls.show_batch()` draws images with their boxes; `dls.classes` are the names.

    Raises:
        UsageError: fewer training images than a batch, nothing to hold out or everything, no share as `flip`, or pairs
            of keypoints that are not there. When an image is read: DataError where it cannot be, or has another size.

    Limits: images are read as they are stored; a rotation in their EXIF data is not followed. Other augmentation is for
    the user to make. torchvision's own `transforms.v2` flips keypoints by centres of pixels and boxes by edges, so
    that the ones move against the others by one pixel; this one flips both by edges.

    Example:
        >>> dls = detection_dls(read_coco("train.json", "train"), bs=4, flip=0.5)  # doctest: +SKIP
    """
    if not 0 <= flip <= 1:
        raise UsageError(f"flip is the share of images to mirror, from 0 to 1, not {flip}")
    wrong = [pair for pair in flip_pairs if len(pair) != 2 or not all(0 <= p < annotations.n_keypoints for p in pair)]
    if wrong:
        raise UsageError(f"flip_pairs are pairs of the {annotations.n_keypoints} keypoints, from 0, not {wrong[0]}")
    share, held = (float(valid), None) if isinstance(valid, int | float) else (0.0, list(valid))
    train, out = splits(len(annotations), held, share, seed, "valid")
    if not 1 <= bs <= len(train):
        raise UsageError(f"there are {len(train)} images to train on and bs={bs}; give a bs from 1 to {len(train)}")
    loaders = (
        BoxDL(Scenes(annotations.subset(train), flip, flip_pairs), bs=bs, shuffle=True, drop_last=True, **options),
        BoxDL(Scenes(annotations.subset(out)), bs=val_bs or bs, **options),
    )
    return DataLoaders(*loaders, path=path, device=default_device() if device is None else device)


class Scenes:
    """Images with their boxes, one after the other.

    Args:
        annotations: what to read.
        flip, flip_pairs: see `detection_dls`.
    """

    n_inp = 2  # the model gets images and targets

    def __init__(self, annotations: Annotations, flip: float = 0.0, flip_pairs: Sequence[tuple[int, int]] = ()) -> None:
        self.annotations, self.flip, self.flip_pairs = annotations, flip, tuple(flip_pairs)
        self.classes, self.n_keypoints = annotations.classes, annotations.n_keypoints

    def __len__(self) -> int:
        return len(self.annotations)

    def __getitem__(self, i: int) -> tuple[Tensor, Target, int]:
        record = self.annotations[i]
        image, target = image_tensor(record.path), target_of(record, self.n_keypoints)
        if tuple(image.shape[:0:-1]) != record.size:
            width, height = record.size
            raise DataError(
                f"{record.path} is {image.shape[2]} pixels wide and {image.shape[1]} high, and its annotations say"
                f" {width} and {height}; boxes are in pixels of the image as it is stored"
            )
        if self.flip and float(torch.rand(())) < self.flip:
            image, target = mirrored(image, target, self.flip_pairs)
        return image, target, i

    def new_empty(self) -> Scenes:
        """Without images, for `learn.export`; names of classes and the number of keypoints stay."""
        empty = Scenes(self.annotations.subset([]), self.flip, self.flip_pairs)
        empty.n_keypoints = self.n_keypoints
        return empty

    @contextmanager
    def set_split_idx(self, i: int) -> Iterator[Scenes]:
        """fastai's way to ask for images as validation sees them (1)."""
        was, self.flip = self.flip, 0.0 if i else self.flip
        try:
            yield self
        finally:
            self.flip = was


class BoxDL(TfmdDL):
    """fastai's loader for batches (images, targets, rows), which are lists: images may differ in size."""

    def create_batch(self, b: Sequence[Any]) -> tuple[list[Tensor], list[Target], Tensor]:
        """Lists of what the items hold."""
        images, targets, rows = zip(*b, strict=True)
        return list(images), list(targets), torch.tensor(rows)

    def retain(self, res: Any, b: Any) -> Any:
        """There are no types to keep."""
        return res

    def show_batch(self, b: Any = None, max_n: int = 9, **options: Any) -> Any:
        """Draw images with their boxes; see `show_boxes`."""
        images, targets, _ = self.one_batch() if b is None else b
        return show_boxes(images[:max_n], targets[:max_n], self.dataset.classes, **options)

    def show_results(self, b: Any, out: Any, max_n: int = 9, **options: Any) -> Any:
        """Draw images with the boxes that were found; `learn.show_results()` comes here."""
        return show_boxes(b[0][:max_n], list(out)[:max_n], self.dataset.classes, **options)


def image_tensor(image: Any) -> Tensor:
    """An image as a detector takes it: float32 (3, H, W) from 0 to 1.

    Args:
        image: a path, a PIL image, or a tensor (C, H, W) or (H, W) with one or three channels: floats from 0 to 1, or
            bytes.

    Raises:
        DataError: it cannot be read, or is none of these.
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(image, Tensor):
        planes = image.detach()[None] if image.ndim == 2 else image.detach()
        floats = planes.float() / 255 if planes.dtype == torch.uint8 else planes.float()
        inside = planes.ndim == 3 and planes.shape[0] in (1, 3) and planes.numel() and floats.min() >= 0
        if not inside or not floats.max() <= 1 or not (planes.is_floating_point() or planes.dtype == torch.uint8):
            raise DataError(
                f"an image is (1 or 3, H, W), floats from 0 to 1 or bytes, not {tuple(image.shape)} {image.dtype};"
                " divide by the largest value that a pixel can have"
            )
        return floats.expand(3, -1, -1)
    try:
        if isinstance(image, str | Path):
            with Image.open(image) as opened:
                pixels = np.array(opened.convert("RGB"))
        else:
            pixels = np.array(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, AttributeError) as error:
        raise DataError(
            f"{image} cannot be read as an image ({error}); give a path, a PIL image or a tensor"
        ) from error
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def target_of(record: BoxRecord, keypoints: int) -> Target:
    """What torchvision's detectors learn from a record of objects with so many keypoints; crowds stand apart."""
    one = ~record.crowds
    target = {
        "boxes": torch.tensor(record.boxes[one], dtype=torch.float32).reshape(-1, 4),
        "labels": torch.tensor(record.labels[one]),
        "areas": torch.tensor(record.areas[one], dtype=torch.float32),
        "crowd_boxes": torch.tensor(record.boxes[~one], dtype=torch.float32).reshape(-1, 4),
        "crowd_labels": torch.tensor(record.labels[~one]),
    }
    if keypoints:
        # also of an image without objects
        found = np.zeros((0, keypoints, 3)) if record.keypoints is None else record.keypoints[one]
        target["keypoints"] = torch.tensor(found, dtype=torch.float32)
    return target


def mirrored(image: Tensor, target: Target, pairs: Sequence[tuple[int, int]] = ()) -> tuple[Tensor, Target]:
    """An image and its target, left to right. What lies x from the left edge comes to lie x from the right one.

    Args:
        image: (C, H, W).
        target: as `target_of` makes it.
        pairs: keypoints that change places.
    """
    width, flipped = image.shape[-1], dict(target)
    for name in ("boxes", "crowd_boxes"):
        left, top, right, bottom = target[name].unbind(-1)
        flipped[name] = torch.stack([width - right, top, width - left, bottom], dim=-1)
    if "keypoints" in target:
        points = target["keypoints"].clone()
        points[..., 0] = torch.where(points[..., 2] > 0, width - points[..., 0], points[..., 0])
        order = list(range(points.shape[1]))
        for a, b in pairs:
            order[a], order[b] = b, a
        flipped["keypoints"] = points[:, order]
    return image.flip(-1), flipped
