"""For people who stay in fastai: callbacks, data and metrics that mend what still bites in fastai 2.8.

Everything works with fastai's own Learners and DataLoaders, and nothing here changes fastai itself. A name is imported
when it is first used, so that tables load no images and images no tables. See docs/fastai.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    "CSVHistory": "_csv",
    "CutNormalize": "_tabular",
    "History": "_history",
    "PointMetric": "_points",
    "R2": "_metrics",
    "check_load": "_check_load",
    "checked": "_metrics",
    "decode_px": "_points",
    "evaluate": "_evaluate",
    "image_learner": "_vision",
    "pixel_points": "_points",
    "scale_target": "_scale_target",
    "seed_all": "_seed",
    "spot_head": "_vision",
    "tabular_dls": "_tabular",
    "with_getters": "_getters",
    "with_y_range": "_y_range",
    "y_range_for": "_y_range",
}

__all__ = [
    "R2",
    "CSVHistory",
    "CutNormalize",
    "History",
    "PointMetric",
    "check_load",
    "checked",
    "decode_px",
    "evaluate",
    "image_learner",
    "pixel_points",
    "scale_target",
    "seed_all",
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
