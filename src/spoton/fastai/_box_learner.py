"""`detection_learner`: torchvision's detectors in fastai's own training loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork
from torchvision.models.detection.ssd import SSD

from spoton.errors import DataError, UsageError
from spoton.fastai._box_losses import BoxLosses, DetectionLoss
from spoton.fastai._box_nets import anchor_sizes, known_names, light_net, seen_sizes, stock_net
from spoton.fastai._quiet import quietly

with quietly():
    import fastai.callback.schedule  # noqa: F401  # which gives Learners fit_one_cycle, fine_tune and lr_find
    from fastai.learner import Learner
    from fastcore.foundation import L

# the parts of torchvision's detectors that look at `training` to choose between losses and predictions
CHOOSERS = (GeneralizedRCNN, RegionProposalNetwork, RoIHeads, RetinaNet, SSD)
FIELDS = ("boxes", "labels", "scores")


def detection_learner(
    dls: Any,
    arch: str = "fasterrcnn",
    *,
    pretrained: bool = False,
    backbone: str | None = None,
    min_size: int | None = None,
    max_size: int | None = None,
    anchors: Sequence[float] | None = None,
    net: Mapping[str, Any] | None = None,
    cbs: Any = None,
    **options: Any,
) -> Any:
    """A Learner of one of torchvision's detectors.

    ==================  =============================================================  ==================
    arch                what                                                           reference
    ==================  =============================================================  ==================
    `fasterrcnn`        Faster R-CNN, ResNet-50 with a feature pyramid                 arXiv:1506.01497
    `keypointrcnn`      the same with keypoints, as in Mask R-CNN                      arXiv:1703.06870
    `retinanet`         RetinaNet, ResNet-50 with a feature pyramid                    arXiv:1708.02002
    `ssdlite`           SSDlite, MobileNetV3, all images scaled to 320 x 320           arXiv:1801.04381
    ==================  =============================================================  ==================

    In training the loss is the sum of torchvision's losses. In validation they are the same, with batch norms in
    evaluation mode and no gradients; the boxes that are sampled for them are the same each time. Each loss is in
    `learn.box_losses.history`, a row an epoch, as `train_loss_classifier`, `valid_loss_classifier`, ...

    Args:
        dls: of `detection_dls`.
        arch: see above.
        pretrained: begin with torchvision's official weights, trained on COCO, and new heads for your classes.
        backbone: a light detector for small images, to be trained from scratch: a ResNet of torchvision, as `resnet18`,
            without weights, on all its maps from a quarter of the image's side. Fewer boxes are sampled, and the heads
            are narrower, than in torchvision's own, which are for photographs.
        min_size: the short side to which images are scaled before the net sees them. By default torchvision's 800; with
            `backbone` the middle one of the training images, so that most keep their size: the finest map then has a
            cell for 4 x 4 pixels, and a larger `min_size` finer ones.
        max_size: what the long side may become; by default 1333, or with `backbone` whatever it has to.
        anchors: with `backbone`, sizes of anchor boxes in pixels of the scaled image, all at each place of each map. By
            default the 10 %, 50 % and 90 % quantiles of the sides (the roots of the areas) of training boxes, a third
            of an octave apart at least. Each comes with heights of 0.5, 1 and 2 times its width.
        net: further options of torchvision's function (`weights_backbone="DEFAULT"`, `trainable_backbone_layers=5`,
            ...), or with `backbone` of its class (`box_score_thresh=0.01`, ...).
        cbs: fastai's callbacks.
        options: what fastai's Learner takes, as `metrics=COCOMetric()`, `lr`, `wd`, `path`.

    Returns:
        fastai's Learner. `fine_tune` trains the heads first, then all but what torchvision freezes. `learn.get_preds()`
        gives tensors padded with boxes of score 0: (boxes (n, D, 4), labels, scores, losses, keypoints); for people
        there is `predict_boxes`.

    Raises:
        UnknownName: no such detector or backbone.
        UsageError: data of another kind, keypoints that are missing, or options that exclude each other.

    Limits: in validation images go through the net twice, for losses and for predictions. A batch of one image can be
    too small for the batch norms of `ssdlite`. `learn.predict` and `learn.tta` are not for boxes.

    Example:
        >>> learn = detection_learner(dls, pretrained=True, metrics=COCOMetric())  # doctest: +SKIP
        >>> learn.fine_tune(10, 1e-4)  # doctest: +SKIP
    """
    known_names(arch, backbone)
    annotations = getattr(getattr(dls, "train_ds", None), "annotations", None)
    if annotations is None:
        raise UsageError("detection_learner takes data of detection_dls; make them with it")
    points = annotations.n_keypoints
    if arch == "keypointrcnn" and not points:
        raise UsageError("keypointrcnn needs keypoints, and these annotations have none; take fasterrcnn")
    if pretrained and backbone is not None:
        raise UsageError("official weights are for torchvision's own backbones; leave out pretrained or backbone")
    if arch == "ssdlite" and (min_size or max_size):
        raise UsageError("ssdlite scales all images to 320 x 320; leave min_size and max_size out")
    if anchors is not None and backbone is None:
        raise UsageError("anchors are chosen for a light detector; give a backbone too, as backbone='resnet18'")
    given = {name: int(v) for name, v in (("min_size", min_size), ("max_size", max_size)) if v is not None}
    if any(value < 1 for value in given.values()):
        raise UsageError(f"sizes are 1 pixel or more, not {given}")
    classes = len(annotations.classes)
    if backbone is None:
        inner = stock_net(arch, classes, points, pretrained, {**given, **(net or {})})
    else:
        scaled = dict(zip(("min_size", "max_size"), seen_sizes(annotations, min_size), strict=True)) | given
        sizes = anchor_sizes(annotations, **scaled) if anchors is None else tuple(float(a) for a in anchors)
        if not sizes or min(sizes) <= 0:
            raise UsageError(f"anchors are sizes in pixels, not {anchors}")
        inner = light_net(arch, backbone, classes, points, sizes, {**scaled, **(net or {})})
    model = Detector(inner, annotations.classes)
    held = {"loss_func": DetectionLoss(), "splitter": body_and_heads, "cbs": [BoxLosses(), *L(cbs)]}
    return Learner(dls, model, **{**held, **options})


class Detector(nn.Module):
    """One of torchvision's detectors, which also tells its losses in evaluation mode.

    Args:
        net: the detector.
        classes: names of the labels 1, 2, ...

    Shape: images, a list of (3, H, W) from 0 to 1; targets, a list of dicts. In training a dict of losses; else
        (boxes (B, D, 4), labels (B, D), scores (B, D), losses (B, L), and keypoints (B, D, P, 3) where the net has
        them), padded with boxes of score 0 to the D that the net finds at most. L is 0 without targets.
    """

    def __init__(self, net: nn.Module, classes: Sequence[str]) -> None:
        super().__init__()
        self.net, self.classes = net, list(classes)
        self.fixed = {name for name, p in net.named_parameters() if not p.requires_grad}

    def forward(self, images: Sequence[Tensor], targets: Sequence[dict[str, Tensor]] | None = None) -> Any:
        """Losses in training, else predictions and losses."""
        images = list(images)
        if self.training:
            return self.net(images, targets)
        with torch.no_grad():
            parts = {} if targets is None else self.losses_of(images, targets)
            losses = torch.stack([part.float() for part in parts.values()]) if parts else torch.zeros(0)
            found = self.net(images)
        return padded(found, losses.to(images[0].device), self.most)

    def get_extra_state(self) -> dict[str, Any]:
        """What goes with the weights: names of classes, how images are scaled, and the sizes of anchors."""
        scaling, holder = getattr(self.net, "transform", None), getattr(self.net, "rpn", self.net)
        anchors = getattr(holder, "anchor_generator", None)
        return {
            "classes": self.classes,
            "min_size": list(getattr(scaling, "min_size", ())),
            "max_size": getattr(scaling, "max_size", 0),
            "anchors": [list(sizes) for sizes in getattr(anchors, "sizes", ())],
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Refuse weights of other classes, or for other sizes, which would load without an error and find other boxes.

        Raises:
            DataError: they differ; the message tells how.
        """
        for name, mine in self.get_extra_state().items():
            if state[name] != mine:
                saved, here = (_short(value) for value in (state[name], mine))
                raise DataError(
                    f"these weights were saved with {name} {saved}, and here they are {here}; give the same"
                )

    def losses_of(self, images: list[Tensor], targets: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
        """The losses without training: each layer works as in evaluation, and the same boxes are sampled each time."""
        modes = [(module, module.training) for module in self.net.modules()]
        try:
            for module, _ in modes:
                module.training = isinstance(module, CHOOSERS)
            device = images[0].device
            with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad():
                torch.manual_seed(0)
                losses: dict[str, Tensor] = self.net(images, list(targets))
        finally:
            for module, training in modes:
                module.training = training
        return losses

    @property
    def most(self) -> int:
        """How many objects of an image the net finds at most."""
        heads: Any = getattr(self.net, "roi_heads", self.net)
        return int(heads.detections_per_img)


def _short(value: Any) -> Any:
    """Of a list of lists that are alike, the first; of a list of one thing, the thing."""
    while isinstance(value, list) and len(value) and all(one == value[0] for one in value):
        value = value[0]
    return value


def padded(found: Sequence[dict[str, Tensor]], losses: Tensor, most: int) -> tuple[Tensor, ...]:
    """Predictions of a batch as tensors of one length; see `Detector`."""
    names = [*FIELDS, *(["keypoints"] if "keypoints" in found[0] else [])]
    held: dict[str, Tensor] = {}
    for name in names:
        one = found[0][name]
        held[name] = one.new_zeros(len(found), most, *one.shape[1:])
        for i, image in enumerate(found):
            held[name][i, : len(image[name])] = image[name]
    return (*(held[n] for n in FIELDS), losses.expand(len(found), -1), *(held[n] for n in names[len(FIELDS) :]))


def body_and_heads(model: Detector) -> list[list[nn.Parameter]]:
    """fastai's groups of parameters: the backbone, and the rest. What torchvision freezes is in none."""
    groups: list[list[nn.Parameter]] = [[], []]
    for name, parameter in model.net.named_parameters():
        if name not in model.fixed:
            groups[0 if name.startswith("backbone.body") or _ssd_body(model, name) else 1].append(parameter)
    return groups


def _ssd_body(model: Detector, name: str) -> bool:
    # of SSD the extra maps, which begin anew without weights, stand in the backbone too
    return isinstance(model.net, SSD) and name.startswith("backbone.features")
