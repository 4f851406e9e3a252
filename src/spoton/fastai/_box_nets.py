"""torchvision's detectors with heads for other classes, and light ones for small images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import ceil
from typing import Any

import numpy as np
from torch import nn
from torchvision.models import detection, resnet
from torchvision.models.detection import _utils
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.retinanet import RetinaNetClassificationHead
from torchvision.models.detection.ssdlite import SSDLiteClassificationHead

from spoton import catalogue
from spoton.errors import UsageError
from spoton.fastai._box_data import Annotations

STOCK: dict[str, Callable[..., nn.Module]] = {
    "fasterrcnn": detection.fasterrcnn_resnet50_fpn,
    "keypointrcnn": detection.keypointrcnn_resnet50_fpn,
    "retinanet": detection.retinanet_resnet50_fpn,
    "ssdlite": detection.ssdlite320_mobilenet_v3_large,
}
BACKBONES = tuple(name for name in resnet.__all__ if name.islower() and "res" in name)

RATIOS = (0.5, 1.0, 2.0)  # height / width of anchors
QUANTILES = (0.1, 0.5, 0.9)  # of the sides of training boxes: the three sizes of anchors
STEP = 2 ** (1 / 3)  # that sizes are apart at least, as RetinaNet's own are
LEVELS = 5  # maps of torchvision's feature pyramid: one from each part of a ResNet, and a pooled one

# torchvision samples 512 boxes of a photograph of 800 pixels; small images have few objects
LIGHT = {
    "rpn_pre_nms_top_n_train": 500,
    "rpn_pre_nms_top_n_test": 300,
    "rpn_post_nms_top_n_train": 200,
    "rpn_post_nms_top_n_test": 100,
    "rpn_batch_size_per_image": 64,
    "box_batch_size_per_image": 32,
}
WIDTH = 256  # of the light box head; torchvision's has 1024
POINT_WIDTHS = (128,) * 4  # of the light keypoint head; torchvision's has 8 layers of 512


def stock_net(arch: str, classes: int, keypoints: int, pretrained: bool, options: Mapping[str, Any]) -> nn.Module:
    """A detector as torchvision builds it, with heads for our classes.

    Args:
        arch: a key of `STOCK`.
        classes: their number, without the background.
        keypoints: of an object; 0 for none.
        pretrained: torchvision's official weights, trained on COCO; the heads of classes begin anew.
        options: of torchvision's function.
    """
    outputs = classes + 1  # 0 is the background
    if not pretrained:
        points = {"num_keypoints": keypoints} if arch == "keypointrcnn" else {}
        return STOCK[arch](**{"weights": None, "weights_backbone": None, "num_classes": outputs, **points, **options})
    net: Any = STOCK[arch](**{"weights": "DEFAULT", **options})
    replace_heads(net, arch, outputs, keypoints)
    return net  # type: ignore[no-any-return]  # torchvision has no types


def replace_heads(net: Any, arch: str, outputs: int, keypoints: int) -> None:
    """New last layers for other classes, of the sizes of those that they replace."""
    if arch in ("fasterrcnn", "keypointrcnn"):
        heads = net.roi_heads
        heads.box_predictor = FastRCNNPredictor(heads.box_predictor.cls_score.in_features, outputs)
        if arch == "keypointrcnn" and keypoints != heads.keypoint_predictor.out_channels:
            channels = heads.keypoint_predictor.kps_score_lowres.in_channels
            heads.keypoint_predictor = KeypointRCNNPredictor(channels, keypoints)
    elif arch == "retinanet":
        anchors = net.head.classification_head.num_anchors
        net.head.classification_head = RetinaNetClassificationHead(net.backbone.out_channels, anchors, outputs)
    else:
        channels = _utils.retrieve_out_channels(net.backbone, (320, 320))
        anchors = net.anchor_generator.num_anchors_per_location()
        norm = partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)  # as torchvision builds it
        net.head.classification_head = SSDLiteClassificationHead(channels, anchors, outputs, norm)


def light_net(
    arch: str, backbone: str, classes: int, keypoints: int, sizes: tuple[float, ...], options: Mapping[str, Any]
) -> nn.Module:
    """A detector on a ResNet of any size without weights, whose batch norms learn, for training from scratch.

    Args:
        arch: `fasterrcnn`, `keypointrcnn` or `retinanet`.
        backbone: a ResNet of torchvision.
        classes: their number, without the background.
        keypoints: of an object; 0 for none.
        sizes: of anchors, in pixels of the image as the net sees it; all of them on each map.
        options: of torchvision's class.
    """
    body = resnet_fpn_backbone(backbone_name=backbone, weights=None, norm_layer=nn.BatchNorm2d, trainable_layers=LEVELS)
    anchors = AnchorGenerator((tuple(sizes),) * LEVELS, (RATIOS,) * LEVELS)
    if arch == "retinanet":
        built: nn.Module = detection.RetinaNet(
            body, **{"num_classes": classes + 1, "anchor_generator": anchors, **options}
        )
        return built
    held: dict[str, Any] = {
        **LIGHT,
        "rpn_anchor_generator": anchors,
        "box_head": TwoMLPHead(body.out_channels * 7**2, WIDTH),
        "box_predictor": FastRCNNPredictor(WIDTH, classes + 1),
    }
    if arch == "keypointrcnn":
        held["keypoint_head"] = KeypointRCNNHeads(body.out_channels, POINT_WIDTHS)
        held["keypoint_predictor"] = KeypointRCNNPredictor(POINT_WIDTHS[-1], keypoints)
    build = detection.KeypointRCNN if arch == "keypointrcnn" else detection.FasterRCNN
    net: nn.Module = build(body, **{**held, **options})
    return net


def known_names(arch: str, backbone: str | None) -> None:
    """Refuse names that are none.

    Raises:
        UnknownName: no such detector or backbone.
        UsageError: a backbone for a detector that has its own.
    """
    if arch not in STOCK:
        raise catalogue.unknown("detector", arch, list(STOCK))
    if backbone is not None and backbone not in BACKBONES:
        raise catalogue.unknown("backbone", backbone, list(BACKBONES))
    if backbone is not None and arch == "ssdlite":
        raise UsageError("ssdlite has a MobileNet of its own; leave backbone out")


def seen_sizes(annotations: Annotations, min_size: int | None = None) -> tuple[int, int]:
    """(min_size, max_size): the middle short side, so that most images keep their size, and room for each long one."""
    sides = np.array([record.size for record in annotations])
    short = int(np.median(sides.min(axis=1))) if min_size is None else min_size
    return short, ceil(float((sides.max(axis=1) / sides.min(axis=1)).max()) * short)


def anchor_sizes(annotations: Annotations, min_size: int, max_size: int) -> tuple[float, ...]:
    """Three sizes of anchors: quantiles of the sides of the boxes, as the net will see them.

    The side of a box is the root of its area, times what its image is scaled by. They are the 10 %, 50 % and 90 %
    quantiles, and at least a third of an octave apart. Without boxes: 16, 32 and 64.
    """
    sides = []
    for record in annotations:
        scale = min(min_size / min(record.size), max_size / max(record.size))
        sides.extend(scale * np.sqrt((record.boxes[:, 2:] - record.boxes[:, :2]).prod(axis=1)))
    if not sides:
        return (16.0, 32.0, 64.0)
    small, middle, large = (float(v) for v in np.quantile(sides, QUANTILES))
    return (round(min(small, middle / STEP), 2), round(middle, 2), round(max(large, middle * STEP), 2))
