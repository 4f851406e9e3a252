"""`coco_map` and `COCOMetric`: average precision as pycocotools measures it."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spoton import catalogue
from spoton.errors import DataError, UsageError
from spoton.fastai._box_data import Annotations, BoxRecord
from spoton.fastai._box_losses import unpadded
from spoton.fastai._quiet import quietly
from spoton.optional import require

with quietly():
    from fastai.learner import Metric

NAMES = {  # ours -> (pycocotools' kind, place in its `stats`)
    "mAP": ("bbox", 0),
    "AP50": ("bbox", 1),
    "AP75": ("bbox", 2),
    "keypoint_mAP": ("keypoints", 0),
    "keypoint_AP50": ("keypoints", 1),
    "keypoint_AP75": ("keypoints", 2),
}
PERSON = 17  # keypoints of COCO's persons, whose sigmas pycocotools has
SIGMA = 0.05  # of any other keypoint: between COCO's eyes (0.025) and knees (0.087)


def coco_map(
    predictions: Sequence[dict[str, Any]], annotations: Annotations, *, sigmas: Sequence[float] | None = None
) -> dict[str, float]:
    """Average precision of predicted boxes and keypoints, by pycocotools.

    A prediction is right where it has the class of an object and overlaps it by an IoU of more than a threshold;
    precision is averaged over recall and over classes. Keypoints are matched by OKS, `exp(-d^2 / (2 area (2 sigma)^2))`
    averaged over the labelled points, in place of the IoU. https://cocodataset.org/#detection-eval

    Args:
        predictions: one dict an image, in the order of the annotations, as `predict_boxes` gives them with score=0:
            `boxes` (k, 4), `labels` (k,) as numbers or names, `scores` (k,), perhaps `keypoints` (k, P, 2 or 3).
        annotations: the truth. Crowds are neither found nor missed.
        sigmas: of the P keypoints: how far people, or whoever annotates, are apart, as a share of the root of the
            object's area. By default COCO's own for 17 points, and 0.05 for each of any other number.

    Returns:
        `mAP` (mean over the thresholds 0.5, 0.55, ..., 0.95), `AP50`, `AP75`; where there are keypoints also
        `keypoint_mAP`, `keypoint_AP50`, `keypoint_AP75`. NaN where there are no objects (pycocotools says -1).

    Raises:
        MissingExtra: pycocotools is not installed: pip install 'spoton[boxes]'.
        DataError: not one prediction an image, or shapes that do not fit.
        UnknownName: a class that is not there.
        UsageError: not as many sigmas as keypoints.

    Limits: of an image the 100 best boxes count, and the 20 best of keypoints, as in COCO.

    Example:
        >>> coco_map(predict_boxes(learn, test.paths, score=0), test)  # doctest: +SKIP
    """
    if len(predictions) != len(annotations):
        raise DataError(
            f"one prediction an image is scored, these are {len(predictions)} and {len(annotations)}; give an empty one"
            " for an image where nothing is found"
        )
    points = annotations.n_keypoints
    if sigmas is not None and len(sigmas) != points:
        raise UsageError(f"one sigma a keypoint is needed, these are {len(sigmas)} and {points}")
    rows = [row for i, one in enumerate(predictions, 1) for row in _rows(i, one, annotations)]
    scores = dict(zip(NAMES, _stats("bbox", annotations, rows, None), strict=False))
    if points:
        held = None if sigmas is None and points == PERSON else np.array(sigmas or [SIGMA] * points, dtype=np.float64)
        found = [row for row in rows if "keypoints" in row]
        scores |= dict(zip(list(NAMES)[3:], _stats("keypoints", annotations, found, held), strict=True))
    return scores


def _rows(image: int, prediction: dict[str, Any], annotations: Annotations) -> list[dict[str, Any]]:
    """The predictions of an image as pycocotools takes them."""
    boxes, scores = (np.asarray(prediction[name], dtype=np.float64) for name in ("boxes", "scores"))
    boxes = boxes.reshape(-1, 4)
    labels = [_number(label, annotations.classes) for label in prediction["labels"]]
    if not len(boxes) == len(scores) == len(labels):
        counts = f"{len(boxes)}, {len(scores)} and {len(labels)}"
        raise DataError(f"prediction {image - 1} has {counts} boxes, scores and labels; give one of each an object")
    rows = []
    for i, (left, top, right, bottom) in enumerate(boxes.tolist()):
        row: dict[str, Any] = {
            "image_id": image,
            "category_id": labels[i],
            "bbox": [left, top, right - left, bottom - top],
            "area": (right - left) * (bottom - top),
            "score": float(scores[i]),
            "iscrowd": 0,
        }
        if annotations.n_keypoints and prediction.get("keypoints") is not None:
            found = np.asarray(prediction["keypoints"][i], dtype=np.float64)
            if found.shape[0] != annotations.n_keypoints:
                raise DataError(f"objects have {annotations.n_keypoints} keypoints, a prediction has {found.shape[0]}")
            row["keypoints"] = np.concatenate([found[:, :2], np.ones((len(found), 1))], axis=1).ravel().tolist()
        rows.append(row)
    return rows


def _number(label: Any, classes: Sequence[str]) -> int:
    if not isinstance(label, str):
        return int(label)
    if label not in classes:
        raise catalogue.unknown("class", label, classes)
    return list(classes).index(label) + 1


def _stats(kind: str, annotations: Annotations, rows: Sequence[dict[str, Any]], sigmas: Any) -> list[float]:
    """pycocotools' AP, AP50 and AP75."""
    coco, evaluation = require("pycocotools.coco"), require("pycocotools.cocoeval")
    with contextlib.redirect_stdout(io.StringIO()):  # it prints whatever it does
        truth, found = coco.COCO(), coco.COCO()
        truth.dataset = annotations.to_coco()
        # its own loadRes refuses an empty list
        numbered = [row | {"id": i} for i, row in enumerate(rows, 1)]
        found.dataset = {**truth.dataset, "annotations": numbered}
        truth.createIndex()
        found.createIndex()
        scorer = evaluation.COCOeval(truth, found, kind)
        if sigmas is not None:
            scorer.params.kpt_oks_sigmas = sigmas
        scorer.evaluate()
        scorer.accumulate()
        scorer.summarize()
    return [float(value) if value > -1 else math.nan for value in scorer.stats[:3]]


class COCOMetric(Metric):
    """Average precision for fastai's `metrics=`, over all images of a validation; see `coco_map`.

    Several of them in one Learner share one evaluation.

    Args:
        metric: `mAP`, `AP50`, `AP75`, `keypoint_mAP`, `keypoint_AP50` or `keypoint_AP75`.
        sigmas: of keypoints; see `coco_map`.

    Raises:
        UnknownName: another metric.
        UsageError: in validation, where the Learner is not of `detection_learner`.

    Example:
        >>> learn = detection_learner(dls, metrics=[COCOMetric(), COCOMetric("AP50")])  # doctest: +SKIP
    """

    def __init__(self, metric: str = "mAP", sigmas: Sequence[float] | None = None) -> None:
        if metric not in NAMES:
            raise catalogue.unknown("metric of boxes", metric, list(NAMES))
        self.metric, self.sigmas = metric, sigmas
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.truth: list[BoxRecord] = []
        self.found: list[dict[str, Any]] = []
        self.scores: dict[str, float] = {}
        self.first = self

    def accumulate(self, learn: Any) -> None:
        """Take a batch."""
        if isinstance(learn.pred, dict):
            return  # losses of training, without predictions
        if len(learn.xb) != 2 or not isinstance(learn.pred, tuple):
            raise UsageError("COCOMetric is for Learners of detection_learner")
        alike = (m for m in getattr(learn, "metrics", ()) if isinstance(m, COCOMetric) and m.sigmas == self.sigmas)
        self.first = next(alike, self)
        if self.first is not self:
            return
        for image, target, one in zip(*learn.xb, unpadded(learn.to_detach(learn.pred)), strict=True):
            self.truth.append(_record(len(self.truth), image, learn.to_detach(target)))
            self.found.append(one)

    @property
    def value(self) -> float | None:
        """Over all images."""
        first = self.first
        if not first.truth:
            return None
        if not first.scores:
            # names do not matter here, only that there are enough
            most = max(int(max(record.labels, default=1)) for record in first.truth)
            most = max(most, *(int(max(one["labels"], default=1)) for one in first.found))
            truth = Annotations(first.truth, [str(i) for i in range(most)])
            first.scores = coco_map(first.found, truth, sigmas=self.sigmas)
        return first.scores.get(self.metric, math.nan)

    @property
    def name(self) -> str:
        """As given."""
        return self.metric


def _record(i: int, image: Any, target: dict[str, Any]) -> BoxRecord:
    """The truth of an image, from what the net learns of it."""
    both = {name: torch.cat([target[name], target[f"crowd_{name}"]]) for name in ("boxes", "labels")}
    crowds = np.arange(len(both["labels"])) >= len(target["labels"])
    sides = both["boxes"][len(target["labels"]) :]
    areas = torch.cat([target["areas"], (sides[:, 2:] - sides[:, :2]).prod(dim=1)])
    points = target.get("keypoints")
    if points is not None:
        points = torch.cat([points, points.new_zeros(int(crowds.sum()), *points.shape[1:])])
    size = (int(image.shape[-1]), int(image.shape[-2]))
    held = None if points is None else points.numpy()
    return BoxRecord(Path(str(i)), size, both["boxes"].numpy(), both["labels"].numpy(), held, areas.numpy(), crowds)
