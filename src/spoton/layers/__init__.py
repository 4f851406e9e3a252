"""Layers that reach exact pixels: functions and thin modules, differentiable, usable anywhere in a net."""

from spoton.layers._first import FirstIndex as FirstIndex
from spoton.layers._first import LastIndex as LastIndex
from spoton.layers._first import first_index as first_index
from spoton.layers._gate import InkGate as InkGate
from spoton.layers._gate import ink_logits as ink_logits
from spoton.layers._raster import SCANS as SCANS
from spoton.layers._raster import Extents as Extents
from spoton.layers._raster import Midpoint as Midpoint
from spoton.layers._raster import RasterFirst as RasterFirst
from spoton.layers._raster import extents as extents
from spoton.layers._raster import midpoint as midpoint
from spoton.layers._raster import raster_first as raster_first
from spoton.layers._raster import scan_ends as scan_ends
from spoton.layers._select import PointNLL as PointNLL
from spoton.layers._select import SelectHead as SelectHead
from spoton.layers._select import point_nll as point_nll
from spoton.layers._survival import log1mexp as log1mexp
from spoton.layers._survival import log_first as log_first

__all__ = [
    "SCANS",
    "Extents",
    "FirstIndex",
    "InkGate",
    "LastIndex",
    "Midpoint",
    "PointNLL",
    "RasterFirst",
    "SelectHead",
    "extents",
    "first_index",
    "ink_logits",
    "log1mexp",
    "log_first",
    "midpoint",
    "point_nll",
    "raster_first",
    "scan_ends",
]
