"""Nets: torch modules that take (in_shape, n_out, y_range). A net is one file and one export line here."""

from spoton.nets._basenet import BaseNet as BaseNet
from spoton.nets._coordconv import CoordConv as CoordConv
from spoton.nets._deepsets import DeepSets as DeepSets
from spoton.nets._gatedspot import GatedSpot as GatedSpot
from spoton.nets._harden import harden as harden
from spoton.nets._keypoint import KeypointNet as KeypointNet
from spoton.nets._logscan import LogScanNet as LogScanNet
from spoton.nets._ordernet import OrderNet as OrderNet
from spoton.nets._pointernet import PointerNet as PointerNet
from spoton.nets._resnet18 import ResNet18 as ResNet18
from spoton.nets._resnet18_logscan import ResNet18LogScan as ResNet18LogScan
from spoton.nets._simcc import SimCC as SimCC
from spoton.nets._spotnet import SpotNet as SpotNet
from spoton.nets._stg import STG as STG
from spoton.nets._stn import STN as STN
from spoton.nets._tablenet import TableNet as TableNet
from spoton.nets._unet_dsnt import UNetDSNT as UNetDSNT
from spoton.nets._unet_heatmap import UNetHeatmap as UNetHeatmap
from spoton.nets._vit import ViTSmall as ViTSmall

__all__ = [
    "STN",
    "BaseNet",
    "CoordConv",
    "DeepSets",
    "GatedSpot",
    "KeypointNet",
    "LogScanNet",
    "OrderNet",
    "PointerNet",
    "ResNet18",
    "ResNet18LogScan",
    "SimCC",
    "SpotNet",
    "TableNet",
    "UNetDSNT",
    "UNetHeatmap",
    "ViTSmall",
    "harden",
]
