"""The peers: nets as others would build them for points, at sizes for 28 x 28 images, and the same with scan channels.

All are trained for 30 epochs with a one-cycle schedule, so that 567 images take half a minute or less on one thread.
"""

from __future__ import annotations

from functools import partial

from spoton.learners._recipe import Recipe
from spoton.learners._torch import TorchRegressor

EPOCHS = 30
_train = partial(TorchRegressor, epochs=EPOCHS, schedule="one-cycle", batch_size=16)
_peer = partial(Recipe, features=(), takes_features=False, epochs="epochs")

UNET_HEATMAP = _peer(
    "unet-heatmap",
    "torch: U-Net that paints a heatmap a point, read off at its largest pixel",
    partial(_train, net="UNetHeatmap", lr=0.01, y_range="none"),
    options=("width", "depth", "loss", "sigma", "scan"),
)
UNET_LOGSCAN = _peer(
    "unet-logscan",
    "torch: unet-heatmap with the channels of the survival scans beside the image",
    partial(_train, net="UNetHeatmap", net_options={"scan": True}, lr=0.01, y_range="none"),
    options=("width", "depth", "loss", "sigma"),
)
UNET_DSNT = _peer(
    "unet-dsnt",
    "torch: U-Net that paints a heatmap a point, read off as its expected point (DSNT)",
    partial(_train, net="UNetDSNT", lr=0.01, y_range="none"),
    options=("width", "depth", "weight", "sigma"),
)
SIMCC = _peer(
    "simcc",
    "torch: convolutions, and a classification over x and one over y",
    partial(_train, net="SimCC", lr=0.003, y_range="none"),
    options=("width", "split", "sigma"),
)
COORDCONV = _peer(
    "coordconv",
    "torch: convolutions that see coordinates, and the maximum over all pixels",
    partial(_train, net="CoordConv", lr=0.01),
    y_range=True,
    options=("width", "depth"),
)
VIT_SMALL = _peer(
    "vit-small",
    "torch: vision transformer, patches of 4 x 4, 4 layers of width 64",
    partial(_train, net="ViTSmall", lr=1e-3, weight_decay=0.05),
    y_range=True,
    options=("patch", "width", "depth", "heads"),
)
STN = _peer(
    "stn",
    "torch: spatial transformer; points are found in the window that it places",
    partial(_train, net="STN", lr=1e-3, y_range="none"),
    options=("width",),
)
RESNET18_LOGSCAN = _peer(
    "resnet18-logscan",
    "torch: resnet18 with the channels of the survival scans beside the image",
    partial(_train, net="ResNet18LogScan", lr=2e-3),
    y_range=True,
)
LOGSCAN = _peer(
    "logscan",
    "torch: channels of the survival scans, a 1 x 1 convolution, a softmax over pixels; 19 parameters a point",
    partial(_train, net="LogScanNet", epochs=10, lr=0.3, batch_size=32, y_range="none"),
    options=("scan", "width", "depth", "sigma"),
)
KEYPOINT_HEAD = _peer(
    "keypoint-head",
    "torch: four convolutions, and a head that chooses between survival scans and a heatmap, image by image",
    partial(_train, net="KeypointNet", epochs=20, lr=0.01, y_range="none"),
    options=("width", "depth", "pools"),
)
