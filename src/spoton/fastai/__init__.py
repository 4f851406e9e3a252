"""For people who stay in fastai: callbacks, data and metrics that mend what still bites in fastai 2.8; object boxes.

Everything works with fastai's own Learners and DataLoaders, and nothing here changes fastai itself. A name is imported
when it is first used, so that tables load no images and images no tables. See docs/fastai.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spoton.fastai._box_coco import read_coco as read_coco
    from spoton.fastai._box_data import Annotations as Annotations
    from spoton.fastai._box_data import BoxRecord as BoxRecord
    from spoton.fastai._box_dls import detection_dls as detection_dls
    from spoton.fastai._box_learner import detection_learner as detection_learner
    from spoton.fastai._box_map import COCOMetric as COCOMetric
    from spoton.fastai._box_map import coco_map as coco_map
    from spoton.fastai._box_ops import box_convert as box_convert
    from spoton.fastai._box_ops import box_iou as box_iou
    from spoton.fastai._box_ops import boxes_to_points as boxes_to_points
    from spoton.fastai._box_ops import clip_boxes as clip_boxes
    from spoton.fastai._box_ops import points_to_boxes as points_to_boxes
    from spoton.fastai._box_predict import predict_boxes as predict_boxes
    from spoton.fastai._box_show import show_boxes as show_boxes
    from spoton.fastai._box_text import read_boxes_csv as read_boxes_csv
    from spoton.fastai._box_text import read_yolo as read_yolo
    from spoton.fastai._box_voc import read_voc as read_voc
    from spoton.fastai._check_load import check_load as check_load
    from spoton.fastai._csv import CSVHistory as CSVHistory
    from spoton.fastai._evaluate import evaluate as evaluate
    from spoton.fastai._getters import with_getters as with_getters
    from spoton.fastai._history import History as History
    from spoton.fastai._metrics import R2 as R2
    from spoton.fastai._metrics import checked as checked
    from spoton.fastai._points import PointMetric as PointMetric
    from spoton.fastai._points import decode_px as decode_px
    from spoton.fastai._points import pixel_points as pixel_points
    from spoton.fastai._scale_target import scale_target as scale_target
    from spoton.fastai._seed import seed_all as seed_all
    from spoton.fastai._tabular import CutNormalize as CutNormalize
    from spoton.fastai._tabular import tabular_dls as tabular_dls
    from spoton.fastai._vision import image_learner as image_learner
    from spoton.fastai._vision import spot_head as spot_head
    from spoton.fastai._y_range import with_y_range as with_y_range
    from spoton.fastai._y_range import y_range_for as y_range_for

# name -> the module that it comes from
_HOMES = {
    "Annotations": "_box_data",
    "BoxRecord": "_box_data",
    "COCOMetric": "_box_map",
    "CSVHistory": "_csv",
    "CutNormalize": "_tabular",
    "History": "_history",
    "PointMetric": "_points",
    "R2": "_metrics",
    "box_convert": "_box_ops",
    "box_iou": "_box_ops",
    "boxes_to_points": "_box_ops",
    "check_load": "_check_load",
    "checked": "_metrics",
    "clip_boxes": "_box_ops",
    "coco_map": "_box_map",
    "decode_px": "_points",
    "detection_dls": "_box_dls",
    "detection_learner": "_box_learner",
    "evaluate": "_evaluate",
    "image_learner": "_vision",
    "pixel_points": "_points",
    "points_to_boxes": "_box_ops",
    "predict_boxes": "_box_predict",
    "read_boxes_csv": "_box_text",
    "read_coco": "_box_coco",
    "read_voc": "_box_voc",
    "read_yolo": "_box_text",
    "scale_target": "_scale_target",
    "seed_all": "_seed",
    "show_boxes": "_box_show",
    "spot_head": "_vision",
    "tabular_dls": "_tabular",
    "with_getters": "_getters",
    "with_y_range": "_y_range",
    "y_range_for": "_y_range",
}

__all__ = [
    "R2",
    "Annotations",
    "BoxRecord",
    "COCOMetric",
    "CSVHistory",
    "CutNormalize",
    "History",
    "PointMetric",
    "box_convert",
    "box_iou",
    "boxes_to_points",
    "check_load",
    "checked",
    "clip_boxes",
    "coco_map",
    "decode_px",
    "detection_dls",
    "detection_learner",
    "evaluate",
    "image_learner",
    "pixel_points",
    "points_to_boxes",
    "predict_boxes",
    "read_boxes_csv",
    "read_coco",
    "read_voc",
    "read_yolo",
    "scale_target",
    "seed_all",
    "show_boxes",
    "spot_head",
    "tabular_dls",
    "with_getters",
    "with_y_range",
    "y_range_for",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'spoton.fastai' has no attribute '{name}'")
    return getattr(importlib.import_module(f"spoton.fastai.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
