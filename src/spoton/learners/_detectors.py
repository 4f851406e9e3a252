"""`DetectorRegressor`: torchvision's object detectors, trained by fastai, as a scikit-learn regressor."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array, as_input, is_images
from spoton.errors import DataError, Diverged, Refused, UsageError
from spoton.history import History
from spoton.learners._detector_answers import Layout
from spoton.learners._fastai import _callbacks, _contained, _finite
from spoton.learners._features import _numbers
from spoton.learners._recipe import Recipe

ROUNDED = 1e-3  # how far from 0 to 1 a value may be by rounding; a grey level of a byte is 4e-3


class DetectorRegressor(RegressorMixin, BaseEstimator):
    """Finds the objects whose boxes or points are the answers; see `spoton.fastai.detection_learner`.

    Four columns an object, where they can be boxes, are (left, top, right, bottom), centres of the outermost pixels;
    else two are a point, for which a box of 8 x 8 pixels around it is learned, and its middle is the answer.
    `keypointrcnn` takes all points for keypoints of one object. Where answers stand from left to right in all training
    rows, all objects are of one class, and those of the best scores are put in this order; else each place in the
    answers is a class of its own. What is not found is answered by the mean of the training rows.

    Args:
        arch: `fasterrcnn`, `keypointrcnn` or `retinanet`, each with a ResNet from random weights; or `ssdlite`.
        backbone: that ResNet.
        epochs: passes over the training rows.
        lr: the highest learning rate of one cycle, of AdamW.
        batch_size: rows a step.
        scale: images are enlarged so many times before the net: small objects are found better so.
        random_state: seeds all; the same one gives the same answers on one machine with one thread.

    Attributes:
        learn_: the fastai Learner.
        layout_: how the answers became objects.
        n_epochs_, n_parameters_: counts.
        history_: a History: epoch, mean training loss, learning rate and seconds.
    """

    def __init__(
        self,
        arch: str = "fasterrcnn",
        backbone: str = "resnet18",
        epochs: int = 10,
        lr: float = 1e-3,
        batch_size: int = 8,
        scale: int = 2,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.arch, self.backbone, self.epochs, self.lr = arch, backbone, epochs, lr
        self.batch_size, self.scale, self.random_state = batch_size, scale, random_state

    def fit(self, X: Any, y: Any) -> DetectorRegressor:
        """Train.

        Args:
            X: images (n, H, W) or (n, C, H, W).
            y: (n, k) pixels: boxes or points; see above.

        Raises:
            Refused: a table.
            DataError: an odd number of columns, points outside of the images, NaN, images that are not from 0 to 1.
            UsageError: a parameter that is not possible.
            Diverged: the training loss left the finite numbers.
        """
        if min(self.epochs, self.batch_size, self.scale) < 1 or not self.lr > 0:
            raise UsageError("epochs, batch_size and scale have to be 1 or more, and lr above 0")
        images, answers = self._images(X), _finite(_numbers(y), "y")
        if answers.ndim != 2 or len(answers) != len(images) or len(images) < 2:
            raise DataError(f"detectors need 2 images or more and y (n, k); y has the shape {answers.shape}")
        self.in_shape_, self.mean_ = images.shape[1:3], answers.mean(axis=0)
        self.layout_ = Layout.of(answers, self.arch == "keypointrcnn")
        self.layout_.check_inside(answers, self.in_shape_[::-1])
        fresh = self.random_state is None
        seed = secrets.randbits(31) if fresh else check_random_state(self.random_state).randint(2**31)
        self.history_ = History()
        with _contained(seed, "vision"), TemporaryDirectory(prefix="spoton-images-") as folder:
            learn = self._learner(images, answers, Path(folder))
            with learn.no_bar(), learn.no_logging():
                learn.fit_one_cycle(self.epochs, float(self.lr), cbs=_callbacks(self.history_))
        self.n_epochs_ = len(self.history_)
        if self.n_epochs_ < self.epochs:
            raise Diverged(f"the training loss became NaN or infinite in epoch {self.n_epochs_ + 1}; lower lr")
        learn.opt = None
        self.learn_ = learn
        self.n_parameters_ = sum(p.numel() for p in learn.model.parameters())
        return self

    def _learner(self, images: Array, answers: Array, folder: Path) -> Any:
        from PIL import Image

        from spoton.fastai import Annotations, BoxRecord, detection_dls, detection_learner

        layout, records = self.layout_, []
        size = self.in_shape_[::-1]
        for i, (image, answer) in enumerate(zip(images, answers, strict=True)):
            path = folder / f"{i}.png"
            Image.fromarray(self._padded(image)).save(path, compress_level=1)
            whole = (size[0] + 2 * layout.pad, size[1] + 2 * layout.pad)
            records.append(BoxRecord(path, whole, **layout.record(answer, size)))
        annotations = Annotations(records, layout.classes)
        # fastai wants a validation side: one image is the least
        batch = min(self.batch_size, len(records) - 1)
        dls = detection_dls(annotations, valid=[0], bs=batch, path=folder, num_workers=0)
        if self.arch == "ssdlite":
            return detection_learner(dls, self.arch)
        short = self.scale * min(records[0].size)
        return detection_learner(dls, self.arch, backbone=self.backbone, min_size=short)

    def predict(self, X: Any) -> Array:
        """(n, k) answers in pixels.

        Raises:
            DataError: images of another size than in `fit`.
        """
        import torch

        from spoton.fastai import predict_boxes

        check_is_fitted(self, "learn_")
        images = self._images(X)
        if images.shape[1:3] != self.in_shape_:
            raise DataError(f"images are {self.in_shape_} (H, W) pixels, these are {images.shape[1:3]}")
        tensors = [torch.from_numpy(self._padded(image)).permute(2, 0, 1) for image in images]
        found = predict_boxes(self.learn_, tensors, 0.0)
        return np.stack([self.layout_.answers(one, self.mean_) for one in found])

    def _images(self, X: Any) -> Array:
        """(n, H, W, 3) bytes: what a file of an image holds."""
        X = as_input(X)
        if not is_images(X):
            raise Refused(f"detectors take images; this task is a table of {X.shape[1]} columns")
        values = np.moveaxis(_finite(np.asarray(X), "X"), 1, 3)
        if values.shape[3] not in (1, 3):
            raise Refused(f"detectors take images of 1 or 3 channels, these have {values.shape[3]}")
        low, high = values.min(initial=0), values.max(initial=1)
        if low < -ROUNDED or high > 1 + ROUNDED:
            raise DataError(
                f"detectors take bytes, or floats from 0 to 1, and these are from {low:g} to {high:g}; scale them"
            )
        found: Array = np.rint(255 * values.clip(0, 1)).astype(np.uint8)
        return np.broadcast_to(found, (*found.shape[:3], 3)) if found.shape[3] == 1 else found

    def _padded(self, image: Array) -> Array:
        pad = self.layout_.pad
        return np.pad(image, ((pad, pad), (pad, pad), (0, 0)))


def _recipe(arch: str, about: str, **options: Any) -> Recipe:
    make = partial(DetectorRegressor, arch=arch, **options)
    return Recipe(arch, about, make, features=(), takes_features=False, epochs="epochs")


FASTERRCNN = _recipe(
    "fasterrcnn", "torchvision's Faster R-CNN on a small ResNet18, trained by fastai: boxes and points"
)
KEYPOINTRCNN = _recipe("keypointrcnn", "torchvision's Keypoint R-CNN on a small ResNet18: all points of one object")
RETINANET = _recipe("retinanet", "torchvision's RetinaNet on a small ResNet18: boxes and points, without proposals")
SSDLITE = _recipe("ssdlite", "torchvision's SSDlite on a MobileNetV3: images scaled to 320 x 320")
