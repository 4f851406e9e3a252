"""`built`: the net that a learner would train on the rows of a study, to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from spoton.errors import SpotonError
from spoton.learners import TorchRegressor
from spoton.why._study import Study

if TYPE_CHECKING:
    from torch import nn


def built(study: Study, model: TorchRegressor) -> nn.Module | None:
    """A fresh net of this learner for images of this task; None where it takes none such."""
    from spoton.learners._torch import make_net, seeded

    X = study.train.X
    in_shape = (X.shape[1],) if isinstance(X, pd.DataFrame) else X.shape[1:]
    outputs = study.train.y.shape[1]
    try:
        with seeded(0):
            return make_net(model.net, in_shape, outputs, y_range=None, **(model.net_options or {}))
    except (SpotonError, TypeError, ValueError, RuntimeError):
        return None
