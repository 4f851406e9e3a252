"""Average precision by hand, and as pycocotools itself says it; boxes as points."""

from __future__ import annotations

import contextlib
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spoton.errors import DataError, UnknownName, UsageError
from spoton.fastai import (
    Annotations,
    BoxRecord,
    COCOMetric,
    box_convert,
    box_iou,
    boxes_to_points,
    clip_boxes,
    coco_map,
    points_to_boxes,
)
from spoton.ink import extents

pytest.importorskip("pycocotools", reason="pycocotools scores boxes: pip install 'spoton[boxes]'")

PERFECT, SHIFTED = (10, 10, 20, 20), (12, 10, 22, 20)  # by 2 of 10 pixels: an IoU of 8 / 12
HALF = 51 / 101  # COCO's recalls 0, 0.01, ..., 1 up to a half


def truth(n: int = 2, **more: Any) -> Annotations:
    return Annotations([BoxRecord(Path(str(i)), (64, 64), [PERFECT], [1], **more) for i in range(n)], ["a", "b"])


def said(*things: tuple[Any, float], label: Any = 1) -> dict[str, Any]:
    boxes = [box for box, _ in things]
    return {"boxes": boxes, "labels": [label] * len(boxes), "scores": [score for _, score in things]}


def test_one_perfect_and_one_shifted() -> None:
    """An IoU of 2/3 is right at the thresholds 0.5 to 0.65, wrong at the other six."""
    scores = coco_map([said((PERFECT, 0.9)), said((SHIFTED, 0.8), label="a")], truth())
    assert scores == pytest.approx({"mAP": (4 + 6 * HALF) / 10, "AP50": 1, "AP75": HALF})
    # the wrong one first: half of the precision at that recall
    scores = coco_map([said((PERFECT, 0.9)), said((SHIFTED, 0.95))], truth())
    assert scores == pytest.approx({"mAP": (4 + 6 * HALF / 2) / 10, "AP50": 1, "AP75": HALF / 2})


def test_what_is_missed_and_what_is_found_twice() -> None:
    nothing = said()
    assert coco_map([nothing, nothing], truth()) == {"mAP": 0, "AP50": 0, "AP75": 0}
    assert coco_map([said((PERFECT, 0.9)), nothing], truth())["mAP"] == pytest.approx(HALF)
    twice = said((PERFECT, 0.9), (PERFECT, 0.8))
    assert coco_map([twice, said((PERFECT, 0.7))], truth())["AP50"] == pytest.approx(HALF + 50 / 101 * 2 / 3)
    other = said((PERFECT, 0.9), label="b")  # a class of which there are no objects counts for nothing
    assert coco_map([said((PERFECT, 0.9)), said((PERFECT, 0.9))], truth())["mAP"] == pytest.approx(1)
    assert coco_map([other, other], truth())["mAP"] == 0
    empty = Annotations([BoxRecord(Path("e"), (64, 64), [], [])], ["a"])
    assert all(math.isnan(v) for v in coco_map([nothing], empty).values())


def test_crowds_are_neither_found_nor_missed() -> None:
    record = BoxRecord(Path("a"), (64, 64), [PERFECT, (30, 0, 64, 64)], [1, 1], crowds=[False, True])
    inside = [((32 + i, 5, 36 + i, 60), 0.95) for i in range(3)]
    assert coco_map([said((PERFECT, 0.9), *inside)], Annotations([record], ["a"]))["mAP"] == pytest.approx(1)


def test_keypoints_by_hand() -> None:
    """One point is exact, the other one pixel off: with an area of 100 and 0.05 an OKS of (1 + exp(-1/2)) / 2."""
    points = [[[12, 12], [18, 18]]]
    found = said((PERFECT, 0.9)) | {"keypoints": [[[12, 12, 1], [19, 18, 1]]]}
    scores = coco_map([found], truth(1, keypoints=points))
    assert [scores[f"keypoint_{name}"] for name in ("mAP", "AP50", "AP75")] == pytest.approx([0.7, 1, 1])
    scores = coco_map([found], truth(1, keypoints=points), sigmas=[1.0, 1.0])
    assert scores["keypoint_mAP"] == pytest.approx(1)
    hidden = [[[12, 12, 2], [40, 40, 0]]]  # what is not labelled is not compared
    assert coco_map([found], truth(1, keypoints=hidden))["keypoint_mAP"] == pytest.approx(1)
    with pytest.raises(UsageError, match="one sigma a keypoint is needed, these are 1 and 2"):
        coco_map([found], truth(1, keypoints=points), sigmas=[0.1])
    with pytest.raises(DataError, match="objects have 2 keypoints, a prediction has 1"):
        coco_map([found | {"keypoints": [[[1, 2]]]}], truth(1, keypoints=points))


def test_pycocotools_says_the_same(tmp_path: Path) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    rng = np.random.RandomState(0)
    records, found, rows = [], [], []
    for i in range(12):
        corners = rng.randint(0, 40, (4, 2))
        boxes = np.concatenate([corners, corners + rng.randint(8, 24, (4, 2))], axis=1)
        labels, points = rng.randint(1, 3, 4), rng.rand(4, 17, 2) * 64
        records.append(BoxRecord(Path(str(i)), (64, 64), boxes, labels, points, areas=rng.rand(4) * 300 + 30))
        near = boxes + rng.randint(-3, 4, (4, 4))
        moved, scores = points + rng.randn(4, 17, 2), rng.rand(4)
        found.append(
            {"boxes": torch.tensor(near), "labels": labels, "scores": torch.tensor(scores), "keypoints": moved}
        )
        for box, label, score, some in zip(near.tolist(), labels, scores, moved, strict=True):
            flat = np.concatenate([some, np.ones((17, 1))], axis=1).ravel().tolist()
            sides = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
            row = {"image_id": i + 1, "category_id": int(label), "bbox": sides, "score": score, "keypoints": flat}
            rows.append(row)
    annotations = Annotations(records, ["a", "b"])
    ours = list(coco_map(found, annotations).values())
    expected = []
    for kind in ("bbox", "keypoints"):
        with contextlib.redirect_stdout(io.StringIO()):
            gold = COCO()
            gold.dataset = annotations.to_coco()
            gold.createIndex()
            scorer = COCOeval(gold, gold.loadRes([dict(row) for row in rows]), kind)
            scorer.evaluate()
            scorer.accumulate()
            scorer.summarize()
        expected += scorer.stats[:3].tolist()
    assert ours == pytest.approx(expected, abs=1e-12)
    assert 0.05 < min(ours) < max(ours) < 1


def test_it_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    coco_map([said(), said()], truth())
    assert capsys.readouterr() == ("", "")


def test_what_is_refused() -> None:
    with pytest.raises(DataError, match="one prediction an image is scored, these are 1 and 2"):
        coco_map([said()], truth())
    with pytest.raises(UnknownName, match="no class is called 'c'"):
        coco_map([said((PERFECT, 1.0), label="c")], truth(1))
    with pytest.raises(DataError, match="prediction 0 has 1, 2 and 1 boxes, scores and labels"):
        coco_map([said((PERFECT, 1.0)) | {"scores": [1, 2]}], truth(1))
    with pytest.raises(UnknownName, match="known: mAP, AP50"):
        COCOMetric("map")


@given(st.lists(st.integers(0, 60), min_size=4, max_size=4))
def test_points_and_boxes(values: list[int]) -> None:
    left, top, width, height = values
    points = torch.tensor([left, top, left + width, top + height], dtype=torch.float64)
    boxes = points_to_boxes(points)
    assert torch.equal(boxes_to_points(boxes), points)
    assert (boxes[2:] - boxes[:2]).tolist() == [width + 1, height + 1]  # pixels that are covered


def test_the_box_of_ink() -> None:
    image = np.zeros((1, 9, 12), dtype=bool)
    image[0, 2:7, 3:6] = True
    box = extents(image)
    corners = [int(box[side][0]) for side in ("left", "top", "right", "bottom")]
    assert corners == [3, 2, 5, 6]
    edges = points_to_boxes(corners)
    assert edges.tolist() == [3, 2, 6, 7]
    assert box_convert(edges, "xyxy", "xywh").tolist() == [3, 2, 3, 5]
    assert float(box_iou(edges[None], edges[None])) == 1
    assert clip_boxes([[-1.0, 2, 20, 20]], (12, 9)).tolist() == [[0, 2, 12, 9]]
    with pytest.raises(DataError, match=r"boxes are \(\.\.\., 4\)"):
        boxes_to_points([1.0, 2])
