"""The loss of a detector, and the callback that keeps its parts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spoton.fastai._quiet import quietly
from spoton.history import History as Record

with quietly():
    from fastai.callback.core import Callback


class DetectionLoss:
    """The sum of a detector's losses, which the model has worked out itself."""

    def __call__(self, answers: Any, rows: Any = None, **_: Any) -> Tensor:
        """Of a dict of losses in training, of what `Detector` gives in evaluation mode."""
        if isinstance(answers, dict):
            return torch.stack(list(answers.values())).sum()
        total: Tensor = answers[3][0].sum()
        return total

    def decodes(self, answers: Any) -> list[dict[str, Tensor]]:
        """Padded predictions as one dict an image, without the padding."""
        return unpadded(answers)


def unpadded(answers: Any) -> list[dict[str, Tensor]]:
    """The inverse of `padded`: one dict an image, the best score first."""
    boxes, labels, scores, _, *points = answers
    found = []
    for i in range(len(boxes)):
        # no net finds a box of score 0; RetinaNet may find the background, which is no object
        kept = (scores[i] > 0) & (labels[i] > 0)
        one = {"boxes": boxes[i][kept], "labels": labels[i][kept], "scores": scores[i][kept]}
        if points:
            one["keypoints"] = points[0][i][kept]
        order = one["scores"].argsort(descending=True, stable=True)
        found.append({name: value[order] for name, value in one.items()})
    return found


class BoxLosses(Callback):
    """Keeps each loss of a detector, one row an epoch of training.

    Attributes:
        history: a `spoton.history.History` with `train_<loss>` and `valid_<loss>`: means over the images of the epoch.
    """

    order = 55

    def __init__(self) -> None:
        super().__init__()
        self.history, self.names = Record(), ()
        self.begun = self.armed = False

    def before_fit(self) -> None:
        """Also called by `validate` and `get_preds`, which train nothing."""
        self.begun = self.armed = False

    def before_train(self) -> None:
        """Begin a row."""
        if hasattr(self.learn, "lr_finder"):
            return  # a mock training, whose steps are taken back
        if not self.begun:
            self.history.begin_fit()
        self.begun = self.armed = True
        self.sums: dict[str, tuple[Any, int]] = {}

    def after_loss(self) -> None:
        """Add up."""
        if not self.armed:
            return
        if self.training:
            self.names = tuple(self.learn.pred)
            values = dict(self.learn.pred)
        else:
            values = dict(zip(self.names, self.learn.pred[3][0], strict=False))
        size = len(self.learn.yb[0])
        for name, value in values.items():
            key = f"{'train' if self.training else 'valid'}_{name}"
            total, count = self.sums.get(key, (0.0, 0))
            self.sums[key] = total + value.detach() * size, count + size

    def after_epoch(self) -> None:
        """Write the row."""
        if self.armed:
            self.armed = False
            self.history.append({key: float(total / count) for key, (total, count) in self.sums.items()})
