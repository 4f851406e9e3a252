"""Detectors in fastai's own loop: losses, validation, saving, predictions, and what they reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from box_scenes import SHAPES, scenes
from PIL import Image
from plain_fastai import quiet
from torch import nn

from spoton.errors import DataError, UnknownName, UsageError
from spoton.fastai import (
    Annotations,
    BoxRecord,
    COCOMetric,
    History,
    coco_map,
    detection_dls,
    detection_learner,
    evaluate,
    predict_boxes,
    seed_all,
)
from spoton.fastai._box_nets import STOCK, anchor_sizes, seen_sizes
from spoton.fastai._quiet import quietly

pytest.importorskip("pycocotools", reason="pycocotools scores boxes: pip install 'spoton[boxes]'")

with quietly():
    from fastai.learner import load_learner

RCNN = ["loss_classifier", "loss_box_reg", "loss_objectness", "loss_rpn_box_reg"]
ONE_STAGE = ["classification", "bbox_regression"]
PARTS = {
    "fasterrcnn": RCNN,
    "keypointrcnn": [*RCNN[:2], "loss_keypoint", *RCNN[2:]],
    "retinanet": ONE_STAGE,
    "ssdlite": ONE_STAGE[::-1],
}


def learner(annotations: Annotations, path: Path, arch: str = "fasterrcnn", bs: int = 2, **options: Any) -> Any:
    dls = detection_dls(annotations, valid=0.25, bs=bs, num_workers=0, path=path)
    seed_all(dls, 0)
    if arch != "ssdlite":
        options = {"backbone": "resnet18", **options}
    return quiet(detection_learner(dls, arch, **options))


@pytest.fixture
def small(tmp_path: Path) -> Any:
    """A light Learner of 5 images that are small even for it."""
    return learner(scenes(tmp_path / "scenes", 5, size=48, points=True), tmp_path, metrics=COCOMetric())


def numbers(learn: Any) -> dict[str, Any]:
    model = learn.model
    return {name: value.detach().clone() for name, value in [*model.named_parameters(), *model.named_buffers()]}


def test_training_and_validation(small: Any) -> None:
    small.metrics = [COCOMetric(), COCOMetric("AP50"), COCOMetric("keypoint_mAP")]
    small.fit_one_cycle(2, 1e-3)
    rows = small.box_losses.history
    assert rows.names == [f"{side}_{part}" for side in ("train", "valid") for part in RCNN]
    assert [row["epoch"] for row in rows] == [1, 2]
    last = rows[-1]
    assert small.recorder.values[-1][1] == pytest.approx(sum(last[f"valid_{part}"] for part in RCNN), rel=1e-4)

    before = numbers(small)
    first, second = small.validate(), small.validate()
    assert first == second  # the same boxes are sampled
    assert len(rows) == 2
    assert all(torch.equal(before[name], value) for name, value in numbers(small).items())  # batch norms too
    assert all(p.grad is None or not p.grad.any() for p in small.model.parameters())
    assert not any(module.training for module in small.model.modules())

    # losses in evaluation mode are torchvision's own, of a net in training whose batch norms are not
    images, targets, _ = small.dls.valid.one_batch()
    small.model.net.train()
    for module in small.model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    small.model.net.transform.eval()  # which else draws one of several sizes
    torch.manual_seed(0)
    with torch.no_grad():
        expected = small.model.net(images, targets)
    small.model.eval()
    state = torch.get_rng_state()
    found = small.model.losses_of(images, targets)
    assert torch.equal(torch.get_rng_state(), state)
    assert list(found) == list(expected)
    assert torch.stack([*found.values()]).tolist() == pytest.approx(torch.stack([*expected.values()]).tolist())


def test_what_the_metric_says_is_what_is_predicted(small: Any) -> None:
    trained = small.model.net
    small.model.net = Fixed(shift=3)
    small.metrics = [COCOMetric(name) for name in ("mAP", "AP50", "AP75")]
    held = small.dls.train_ds.annotations
    scores = coco_map(predict_boxes(small, held.paths, score=0), held)
    assert list(small.validate(ds_idx=0)[1:]) == pytest.approx([scores[name] for name in ("mAP", "AP50", "AP75")])
    assert 0 < scores["mAP"] < scores["AP50"]

    small.model.net = trained
    small.metrics = COCOMetric("keypoint_mAP")
    small.fit(1, 1e-3)
    held = small.dls.valid_ds.annotations
    # fastai's own way to predictions
    (boxes, labels, confidence, losses), rows = small.get_preds()
    assert (boxes.shape, labels.shape, confidence.shape) == ((1, 100, 4), (1, 100), (1, 100))
    assert losses.shape == (1, 4)
    assert rows.tolist() == [0]
    alone = predict_boxes(small, held.paths[0], score=0)[0]
    kept = confidence[0] > 0
    assert torch.allclose(boxes[0][kept], alone["boxes"], atol=1e-4)
    small.show_results(max_n=1)
    with pytest.raises(ValueError, match="evaluate takes models with one tensor"):
        evaluate(small)


def test_saving_and_exporting(small: Any, tmp_path: Path) -> None:
    small.fit(1, 1e-3)
    paths = small.dls.valid_ds.annotations.paths
    before = predict_boxes(small, paths, score=0)
    small.save("boxes")
    everything = Annotations([*small.dls.train_ds.annotations, *small.dls.valid_ds.annotations], SHAPES)
    unlike = learner(everything, tmp_path)
    with pytest.raises(DataError, match=r"saved with anchors \[.*; give the same"):
        unlike.load("boxes")
    anchors = small.model.net.rpn.anchor_generator.sizes[0]
    other = learner(everything, tmp_path, anchors=anchors)
    other.load("boxes")
    renamed = learner(Annotations(everything.records, ["tent", "disc", "square"]), tmp_path, anchors=anchors)
    with pytest.raises(DataError, match=r"saved with classes \['square', 'disc', 'tent'\], and here they are \['tent'"):
        renamed.load("boxes")
    small.export("boxes.pkl")
    assert len(small.dls.train_ds) == 4
    with quietly():
        loaded = load_learner(tmp_path / "boxes.pkl")
    for learn in (other, loaded):
        after = predict_boxes(learn, paths, score=0)
        for one, two in zip(before, after, strict=True):
            assert one["labels"] == two["labels"]
            assert torch.equal(one["boxes"], two["boxes"])
            assert torch.equal(one["scores"], two["scores"])
    assert len(loaded.dls.train_ds) == 0
    assert loaded.dls.classes == ["square", "disc", "tent"]


def test_the_rest_of_fastai_s_loop(small: Any) -> None:
    before = numbers(small)
    found = small.lr_find(num_it=6, show_plot=False)
    assert found.valley > 0
    assert all(torch.equal(before[name], value) for name, value in numbers(small).items())
    assert len(small.box_losses.history) == 0

    history = History(eval_every=1)
    small.add_cb(history)
    small.freeze()
    body = [p.requires_grad for n, p in small.model.named_parameters() if "backbone.body" in n and "conv" in n]
    heads = [p.requires_grad for n, p in small.model.named_parameters() if "roi_heads" in n]
    assert not any(body)
    assert all(heads)
    small.fine_tune(1, 1e-3)
    assert [row["fit"] for row in small.box_losses.history] == [1, 2]
    assert all(np.isfinite(row["train_loss_eval"]) for row in history.history)
    assert small.validate(ds_idx=0)[0] == pytest.approx(history.history[-1]["train_loss_eval"], rel=0.5)


class Fixed(nn.Module):
    """A detector that finds the bright pixels of each image as it sees it, after torchvision's scaling."""

    def __init__(self, shift: int = 0) -> None:
        super().__init__()
        from torchvision.models.detection.transform import GeneralizedRCNNTransform

        self.transform = GeneralizedRCNNTransform(96, 200, [0.0] * 3, [1.0] * 3)
        self.detections_per_img, self.shift = 5, shift
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, images: Any, targets: Any = None) -> Any:
        if targets is not None:
            return {"loss": self.weight.sum()}
        sizes = [tuple(image.shape[-2:]) for image in images]
        seen, _ = self.transform(images)
        found = []
        for image in seen.tensors:
            rows, columns = (image[0] > 0.5).nonzero(as_tuple=True)
            edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            one = {"boxes": torch.tensor([edges, edges]).float() + self.shift, "labels": torch.tensor([2, 0])}
            found.append(one | {"scores": torch.stack([image.mean(), image.mean() / 2])})
        return self.transform.postprocess(found, seen.image_sizes, sizes)


def test_predictions_are_in_pixels_of_the_image(small: Any) -> None:
    small.model.net = Fixed()
    image, wide = torch.zeros(1, 48, 64), torch.zeros(3, 30, 120, dtype=torch.uint8)
    image[:, 10:20, 6:30] = 1
    wide[:, 3:6, 9:90] = 255
    picture = Image.fromarray((image[0].numpy() * 255).astype(np.uint8))
    found = predict_boxes(small, [image, picture, wide], score=0, bs=2)
    assert [one["labels"] for one in found] == [["disc"]] * 3  # the background is no object
    for one, expected in zip(found, [(6, 10, 30, 20), (6, 10, 30, 20), (9, 3, 90, 6)], strict=True):
        assert one["boxes"][0].numpy() == pytest.approx(expected, abs=0.6)
    assert found[0]["boxes"].tolist() == [[6, 10, 30, 20]]
    assert predict_boxes(small, image, score=0.5)[0]["boxes"].shape == (0, 4)
    assert predict_boxes(small, []) == []
    for options in ({"score": 2}, {"bs": 0}):
        with pytest.raises(UsageError, match="score is from 0 to 1"):
            predict_boxes(small, image, **options)
    small.model = nn.Linear(1, 1)
    with pytest.raises(UsageError, match="not one of Linear"):
        predict_boxes(small, image)


def test_sizes_of_anchors() -> None:
    def one(name: str, size: tuple[int, int], *sides: int) -> BoxRecord:
        return BoxRecord(Path(name), size, [(0, 0, side, side) for side in sides], [1] * len(sides))

    same = Annotations([one("a", (64, 48), 10), one("b", (64, 48), 10)], ["x"])
    assert seen_sizes(same) == (48, 64)
    assert seen_sizes(same, 96) == (96, 128)
    assert anchor_sizes(same, 48, 64) == (7.94, 10, 12.6)  # a third of an octave apart
    assert anchor_sizes(same, 96, 1000) == (15.87, 20, 25.2)  # as the net sees them
    assert anchor_sizes(same, 96, 64) == anchor_sizes(same, 48, 64)
    spread = Annotations([one("a", (640, 480), *range(10, 111, 10))], ["x"])
    assert anchor_sizes(spread, 480, 640) == (20, 60, 100)
    assert anchor_sizes(Annotations([one("a", (9, 9))], ["x"]), 9, 9) == (16, 32, 64)


def test_what_is_refused(tmp_path: Path) -> None:
    dls = detection_dls(scenes(tmp_path, 4), bs=2, num_workers=0)
    for arch, options, said in (
        ("fastrcnn", {}, "did you mean fasterrcnn"),
        ("fasterrcnn", {"backbone": "resnet19"}, "did you mean resnet1"),
        ("ssdlite", {"backbone": "resnet18"}, "has a MobileNet of its own"),
        ("ssdlite", {"min_size": 100}, "scales all images to 320 x 320"),
        ("keypointrcnn", {}, "these annotations have none"),
        ("fasterrcnn", {"pretrained": True, "backbone": "resnet18"}, "leave out pretrained or backbone"),
        ("fasterrcnn", {"anchors": (8, 16)}, "give a backbone too"),
        ("fasterrcnn", {"min_size": 0}, "sizes are 1 pixel or more"),
        ("fasterrcnn", {"backbone": "resnet18", "anchors": ()}, "anchors are sizes in pixels"),
    ):
        with pytest.raises((UsageError, UnknownName), match=said):
            detection_learner(dls, arch, **options)
    with pytest.raises(UsageError, match="takes data of detection_dls"):
        detection_learner([], "fasterrcnn")


@pytest.mark.slow
@pytest.mark.parametrize("arch", PARTS)
def test_each_detector_trains(tmp_path: Path, arch: str) -> None:
    annotations = scenes(tmp_path / "scenes", 20, points=arch == "keypointrcnn")
    empty = annotations.records[0].path.with_name("empty.png")
    Image.new("RGB", (64, 64)).save(empty)
    annotations = Annotations([*annotations, BoxRecord(empty, (64, 64), [], [])], annotations.classes)
    learn = learner(annotations, tmp_path, arch, bs=4, metrics=COCOMetric())
    learn.fit(3, 5e-4)
    rows = learn.box_losses.history
    assert rows.names == [f"{side}_{part}" for side in ("train", "valid") for part in PARTS[arch]]
    totals = [sum(row[f"train_{part}"] for part in PARTS[arch]) for row in rows]
    assert totals[-1] < totals[0]
    found = predict_boxes(learn, annotations.paths[:2], score=0)
    assert all(one["boxes"].shape == (len(one["labels"]), 4) for one in found)
    if arch == "keypointrcnn":
        assert all(one["keypoints"].shape == (len(one["labels"]), 2, 3) for one in found)


@pytest.mark.slow
@pytest.mark.parametrize("arch", PARTS)
def test_official_weights_get_new_heads(tmp_path: Path, arch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import _api

    weights = STOCK[arch](weights=None, weights_backbone=None).state_dict()
    if arch in ("fasterrcnn", "keypointrcnn", "retinanet"):  # those have frozen batch norms, which count nothing
        weights = {name: value for name, value in weights.items() if "num_batches_tracked" not in name}
    monkeypatch.setattr(_api, "load_state_dict_from_url", lambda *_, **__: weights)
    dls = detection_dls(scenes(tmp_path, 5, points=True), bs=2, num_workers=0)
    options: dict[str, Any] = {} if arch == "ssdlite" else {"min_size": 64}
    if arch in ("fasterrcnn", "keypointrcnn"):
        options["net"] = {"box_batch_size_per_image": 8, "rpn_post_nms_top_n_test": 20}
    learn = quiet(detection_learner(dls, arch, pretrained=True, **options))
    net = learn.model.net
    same = {name for name, value in net.state_dict().items() if torch.equal(value, weights.get(name, torch.empty(0)))}
    fresh = {name.rpartition(".")[0] for name in net.state_dict() if name not in same}
    assert fresh
    assert all("predictor" in name or "classification_head" in name for name in fresh)
    if arch != "ssdlite":  # torchvision trains the last three parts of the backbone
        assert any("layer1" in name for name in learn.model.fixed)
        held = net.backbone.body.layer1[0].conv1.weight.clone()
    learn.fine_tune(1, 1e-4)
    if arch != "ssdlite":
        assert torch.equal(net.backbone.body.layer1[0].conv1.weight, held)
    losses = net.train()(*dls.train.one_batch()[:2])
    assert list(losses) == PARTS[arch]


@pytest.mark.slow
def test_a_light_detector_learns_shapes(tmp_path: Path) -> None:
    annotations = scenes(tmp_path / "scenes", 170)
    learn = learner(annotations, tmp_path, bs=4, metrics=[COCOMetric(), COCOMetric("AP50")])
    learn.fit_one_cycle(4, 1e-3)
    test = scenes(tmp_path / "test", 40, seed=1)
    scores = coco_map(predict_boxes(learn, test.paths, score=0), test)
    assert scores["AP50"] > 0.8
    assert scores["mAP"] > 0.4
