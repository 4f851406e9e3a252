"""Checks that every member of a family has to pass; they ship, so that they serve members written elsewhere too.

Each raises AssertionError with one sentence. Example::

    from spoton.testing import check_learner
    check_learner(MyRegressor())
"""

from spoton.testing._learner import check_learner as check_learner
from spoton.testing._learner import tiny_images as tiny_images
from spoton.testing._learner import tiny_lists as tiny_lists
from spoton.testing._learner import tiny_table as tiny_table
from spoton.testing._metric import check_metric as check_metric
from spoton.testing._net import check_net as check_net
from spoton.testing._planted import RIGHT as RIGHT
from spoton.testing._planted import Planted as Planted
from spoton.testing._planted import planted as planted
from spoton.testing._task import check_task as check_task

__all__ = [
    "RIGHT",
    "Planted",
    "check_learner",
    "check_metric",
    "check_net",
    "check_task",
    "planted",
    "tiny_images",
    "tiny_lists",
    "tiny_table",
]
