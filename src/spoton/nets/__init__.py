"""Nets: torch modules that take (in_shape, n_out, y_range). A net is one file and one export line here."""

from spoton.nets._basenet import BaseNet as BaseNet
from spoton.nets._head import RangeSigmoid as RangeSigmoid
from spoton.nets._resnet18 import ResNet18 as ResNet18
from spoton.nets._spotnet import SpotNet as SpotNet

__all__ = ["BaseNet", "RangeSigmoid", "ResNet18", "SpotNet"]
