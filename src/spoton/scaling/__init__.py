"""Scales and ranges of targets. Statistics come from the training side alone."""

from spoton.scaling._affine import affine_of as affine_of
from spoton.scaling._affine import mse_in_units as mse_in_units
from spoton.scaling._limits import TargetLimits as TargetLimits
from spoton.scaling._range import MARGIN as MARGIN
from spoton.scaling._range import Y_RANGES as Y_RANGES
from spoton.scaling._range import check_y_range as check_y_range
from spoton.scaling._range import y_range_of as y_range_of
from spoton.scaling._target import KINDS as KINDS
from spoton.scaling._target import TargetScaler as TargetScaler

__all__ = [
    "KINDS",
    "MARGIN",
    "Y_RANGES",
    "TargetLimits",
    "TargetScaler",
    "affine_of",
    "check_y_range",
    "mse_in_units",
    "y_range_of",
]
