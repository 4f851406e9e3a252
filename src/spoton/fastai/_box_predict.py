"""`predict_boxes`: what a detector finds in images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from spoton.errors import UsageError
from spoton.fastai._box_dls import image_tensor
from spoton.fastai._box_learner import Detector
from spoton.fastai._box_losses import unpadded
from spoton.fastai._history import evaluating


def predict_boxes(learn: Any, images: Any, score: float = 0.5, *, bs: int = 8) -> list[dict[str, Any]]:
    """The objects that a Learner finds in images.

    Args:
        learn: of `detection_learner`, or of `load_learner`.
        images: paths, PIL images or tensors (C, H, W) with floats from 0 to 1 or bytes; or one of them. They may differ
            in size.
        score: objects of a lower score are left out. With 0 come all that the net keeps: torchvision leaves out those
            below 0.05, ssdlite below 0.001.
        bs: images at once.

    Returns:
        One dict an image, the best score first: `boxes` (k, 4), left, top, right, bottom in pixels of the image as it
        was given, from its top-left edge; `labels`, k names; `scores` (k,); with keypoints `keypoints` (k, P, 3), x, y
        and 1. Tensors are float32 on the CPU.

    Raises:
        UsageError: another Learner, or a score or bs that is none.
        DataError: an image that cannot be read.

    Example:
        >>> predict_boxes(learn, ["street.jpg"])[0]["labels"]  # doctest: +SKIP
        ['car', 'car', 'bicycle']
    """
    model = learn.model
    if not isinstance(model, Detector):
        raise UsageError(f"predict_boxes takes a Learner of detection_learner, not one of {type(model).__name__}")
    if not 0 <= score <= 1 or bs < 1:
        raise UsageError(f"score is from 0 to 1 and bs 1 or more, not {score} and {bs}")
    one = (
        isinstance(images, str | Path) or hasattr(images, "convert") or (isinstance(images, Tensor) and images.ndim < 4)
    )
    rows: Sequence[Any] = [images] if one else list(images)
    device = next(model.parameters()).device
    found: list[dict[str, Any]] = []
    with evaluating(model):
        for start in range(0, len(rows), bs):
            batch = [image_tensor(image).to(device) for image in rows[start : start + bs]]
            for answer in unpadded(model(batch)):
                kept = answer["scores"] >= score
                held = {name: value[kept].float().cpu() for name, value in answer.items() if name != "labels"}
                labels = [model.classes[int(label) - 1] for label in answer["labels"][kept]]
                found.append({"boxes": held.pop("boxes"), "labels": labels, **held})
    return found
