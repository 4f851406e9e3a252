"""Layers that reach exact pixels: functions and thin modules, differentiable, usable anywhere in a net."""

from spoton.layers._argmax import SoftArgmax as SoftArgmax
from spoton.layers._argmax import soft_argmax as soft_argmax
from spoton.layers._candidates import PointCandidates as PointCandidates
from spoton.layers._candidates import point_candidates as point_candidates
from spoton.layers._coords import CoordChannels as CoordChannels
from spoton.layers._coords import coord_channels as coord_channels
from spoton.layers._decode import DecodeAxis as DecodeAxis
from spoton.layers._decode import DecodeHeatmap as DecodeHeatmap
from spoton.layers._decode import DecodeUnit as DecodeUnit
from spoton.layers._decode import decode_axis as decode_axis
from spoton.layers._decode import decode_heatmap as decode_heatmap
from spoton.layers._decode import decode_unit as decode_unit
from spoton.layers._denorm import Denorm as Denorm
from spoton.layers._denorm import denorm as denorm
from spoton.layers._expect import DSNT as DSNT
from spoton.layers._expect import Centroid as Centroid
from spoton.layers._expect import SoftArgmax2d as SoftArgmax2d
from spoton.layers._expect import SpatialSoftmax2d as SpatialSoftmax2d
from spoton.layers._expect import centroid as centroid
from spoton.layers._expect import dsnt as dsnt
from spoton.layers._expect import soft_argmax2d as soft_argmax2d
from spoton.layers._expect import spatial_softmax2d as spatial_softmax2d
from spoton.layers._first import FirstIndex as FirstIndex
from spoton.layers._first import LastIndex as LastIndex
from spoton.layers._first import first_index as first_index
from spoton.layers._gate import InkGate as InkGate
from spoton.layers._gate import NeighbourGate as NeighbourGate
from spoton.layers._gate import and_logits as and_logits
from spoton.layers._gate import ink_logits as ink_logits
from spoton.layers._gate import neighbour_logits as neighbour_logits
from spoton.layers._gated import GatedPoint as GatedPoint
from spoton.layers._gated import GatedPointNLL as GatedPointNLL
from spoton.layers._gated import decode_gated_point as decode_gated_point
from spoton.layers._gated import gated_point_nll as gated_point_nll
from spoton.layers._gated import mixture_nll as mixture_nll
from spoton.layers._heatmap import HeatmapJS as HeatmapJS
from spoton.layers._heatmap import HeatmapKL as HeatmapKL
from spoton.layers._heatmap import heatmap_js as heatmap_js
from spoton.layers._heatmap import heatmap_kl as heatmap_kl
from spoton.layers._heatmap import log_gaussian as log_gaussian
from spoton.layers._jitter import Jitter as Jitter
from spoton.layers._jitter import jitter as jitter
from spoton.layers._kernels import compile_kernels as compile_kernels
from spoton.layers._keypoint import KeypointHead as KeypointHead
from spoton.layers._logscan import LOG_SCAN_CHANNELS as LOG_SCAN_CHANNELS
from spoton.layers._logscan import LogScan as LogScan
from spoton.layers._logscan import log_scan as log_scan
from spoton.layers._losses import HalfPixelHuber as HalfPixelHuber
from spoton.layers._losses import RootSquaredError as RootSquaredError
from spoton.layers._losses import half_pixel_huber as half_pixel_huber
from spoton.layers._losses import root_squared_error as root_squared_error
from spoton.layers._point_features import PointFeatures as PointFeatures
from spoton.layers._point_features import RasterPoints as RasterPoints
from spoton.layers._point_features import point_features as point_features
from spoton.layers._point_features import raster_points as raster_points
from spoton.layers._pointer import PointerNLL as PointerNLL
from spoton.layers._pointer import element_or_place as element_or_place
from spoton.layers._pointer import pointer_nll as pointer_nll
from spoton.layers._pool import MinMaxPool as MinMaxPool
from spoton.layers._pool import min_max_pool as min_max_pool
from spoton.layers._range import RangeHead as RangeHead
from spoton.layers._rank import SoftRank as SoftRank
from spoton.layers._rank import log_places as log_places
from spoton.layers._rank import soft_rank as soft_rank
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
from spoton.layers._soft_index import SoftIndex as SoftIndex
from spoton.layers._soft_index import SoftLookup as SoftLookup
from spoton.layers._soft_index import soft_index as soft_index
from spoton.layers._soft_index import soft_lookup as soft_lookup
from spoton.layers._sort import LogOrder as LogOrder
from spoton.layers._sort import SoftSort as SoftSort
from spoton.layers._sort import log_order as log_order
from spoton.layers._sort import soft_sort as soft_sort
from spoton.layers._sparse_linear import HypentropyDescent as HypentropyDescent
from spoton.layers._sparse_linear import SparseLinear as SparseLinear
from spoton.layers._sparse_linear import hypentropy_step_ as hypentropy_step_
from spoton.layers._sparse_linear import split_parameters as split_parameters
from spoton.layers._survival import log1mexp as log1mexp
from spoton.layers._survival import log_first as log_first
from spoton.layers._survival import log_sigmoid as log_sigmoid

__all__ = [
    "DSNT",
    "LOG_SCAN_CHANNELS",
    "SCANS",
    "Centroid",
    "CoordChannels",
    "DecodeAxis",
    "DecodeHeatmap",
    "DecodeUnit",
    "Denorm",
    "Extents",
    "FirstIndex",
    "GatedPoint",
    "GatedPointNLL",
    "HalfPixelHuber",
    "HeatmapJS",
    "HeatmapKL",
    "HypentropyDescent",
    "InkGate",
    "Jitter",
    "KeypointHead",
    "LastIndex",
    "LogOrder",
    "LogScan",
    "Midpoint",
    "MinMaxPool",
    "NeighbourGate",
    "PointCandidates",
    "PointFeatures",
    "PointNLL",
    "PointerNLL",
    "RangeHead",
    "RasterFirst",
    "RasterPoints",
    "RootSquaredError",
    "SelectHead",
    "SoftArgmax",
    "SoftArgmax2d",
    "SoftIndex",
    "SoftLookup",
    "SoftRank",
    "SoftSort",
    "SparseLinear",
    "SpatialSoftmax2d",
    "and_logits",
    "centroid",
    "compile_kernels",
    "coord_channels",
    "decode_axis",
    "decode_gated_point",
    "decode_heatmap",
    "decode_unit",
    "denorm",
    "dsnt",
    "element_or_place",
    "extents",
    "first_index",
    "gated_point_nll",
    "half_pixel_huber",
    "heatmap_js",
    "heatmap_kl",
    "hypentropy_step_",
    "ink_logits",
    "jitter",
    "log1mexp",
    "log_first",
    "log_gaussian",
    "log_order",
    "log_places",
    "log_scan",
    "log_sigmoid",
    "midpoint",
    "min_max_pool",
    "mixture_nll",
    "neighbour_logits",
    "point_candidates",
    "point_features",
    "point_nll",
    "pointer_nll",
    "raster_first",
    "raster_points",
    "root_squared_error",
    "scan_ends",
    "soft_argmax",
    "soft_argmax2d",
    "soft_index",
    "soft_lookup",
    "soft_rank",
    "soft_sort",
    "spatial_softmax2d",
    "split_parameters",
]
