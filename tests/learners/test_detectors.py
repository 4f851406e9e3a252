"""Detectors as regressors: how answers become objects and come back, and what is refused. Nothing is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spoton.data import Array
from spoton.errors import DataError, Refused, UsageError
from spoton.learners import DetectorRegressor
from spoton.learners._detector_answers import PAD, Layout
from spoton.tasks import get_task

SIZE = (40, 30)  # W, H
BOXES = np.array([[3.0, 4, 9, 20, 15, 2, 15, 2], [0.0, 0, 5, 5, 10, 11, 39, 29]])  # the second of row 0 is one pixel
MIXED = np.array([[15.0, 2, 18, 3, 3, 4, 9, 20], [0.0, 0, 5, 5, 10, 11, 39, 29]])  # row 0 from right to left
POINTS = np.array([[3.0, 20, 15, 2, 18, 6], [0.0, 29, 7, 11, 39, 0]])
MIXED_POINTS = POINTS[:, [2, 3, 0, 1, 4, 5]]
KEYPOINTS = np.array([[15.0, 2, 3, 20, 18, 6], [39.0, 29, 0, 0, 7, 11]])
ALL = [
    pytest.param(BOXES, False, Layout("boxes", 2, True), id="boxes by left"),
    pytest.param(MIXED, False, Layout("boxes", 2, False), id="boxes by place"),
    pytest.param(POINTS, False, Layout("points", 3, True), id="points by left"),
    pytest.param(MIXED_POINTS, False, Layout("points", 3, False), id="points by place"),
    pytest.param(POINTS[:, :2], False, Layout("points", 1, True), id="one point"),
    pytest.param(BOXES[:, [2, 3, 0, 1]], False, Layout("points", 2, False), id="two points that are no box"),
    pytest.param(KEYPOINTS, True, Layout("keypoints", 1, True), id="keypoints"),
    pytest.param(KEYPOINTS[:, :2], True, Layout("keypoints", 1, True), id="one keypoint"),
]


def seen(layout: Layout, answer: Array, order: list[int] | None = None) -> dict[str, Any]:
    """What a perfect detector finds of the record, in the form of `predict_boxes`, in any order of scores."""
    record = layout.record(answer, SIZE)
    rows = list(range(len(record["boxes"]))) if order is None else order
    found = {
        "boxes": torch.tensor(record["boxes"][rows], dtype=torch.float32),
        "labels": [layout.classes[record["labels"][i] - 1] for i in rows],
        "scores": torch.linspace(0.9, 0.5, len(rows)),
    }
    if layout.kind == "keypoints":
        points = record["keypoints"][rows]
        found["keypoints"] = torch.tensor(np.concatenate([points, np.ones((*points.shape[:2], 1))], axis=2))
    return found


@pytest.mark.parametrize(("answers", "keypoints", "layout"), ALL)
def test_answers_come_back(answers: Array, keypoints: bool, layout: Layout) -> None:
    assert Layout.of(answers, keypoints) == layout
    mean = answers.mean(axis=0)
    for answer in answers:
        count = len(layout.record(answer, SIZE)["boxes"])
        for order in (list(range(count)), list(range(count))[::-1]):  # scores have no say in the places
            back = layout.answers(seen(layout, answer, order), mean)
            assert back.dtype == np.float64
            np.testing.assert_array_equal(back, answer)


def test_boxes_go_from_edge_to_edge() -> None:
    record = Layout("boxes", 2, True).record(BOXES[0], SIZE)
    assert record["boxes"].tolist() == [[3, 4, 10, 21], [15, 2, 16, 3]]
    assert record["labels"] == [1, 1]


def test_points_are_the_middle_of_a_box_in_the_padded_image() -> None:
    layout = Layout("points", 3, False)
    record = layout.record(np.array([0.0, 0, 39, 29, 7, 11]), SIZE)
    assert layout.pad == PAD == 4
    assert record["boxes"][0].tolist() == [0.5, 0.5, 8.5, 8.5]
    assert record["labels"] == [1, 2, 3]
    padded = np.array(SIZE) + 2 * PAD
    assert (record["boxes"] >= 0).all()
    assert (record["boxes"] <= np.tile(padded, 2)).all()


def test_keypoints_have_one_box_with_room_that_stays_in_the_image() -> None:
    record = Layout("keypoints", 1, True).record(np.array([0.0, 10, 38, 20]), SIZE)
    assert record["keypoints"].tolist() == [[[0.5, 10.5], [38.5, 20.5]]]
    assert record["boxes"].tolist() == [[0, 8.5, 40, 22.5]]
    assert record["labels"] == [1]


@pytest.mark.parametrize(("answers", "keypoints", "layout"), ALL)
def test_what_is_not_found_is_the_mean(answers: Array, keypoints: bool, layout: Layout) -> None:
    mean = answers.mean(axis=0)
    np.testing.assert_array_equal(layout.answers(seen(layout, answers[0], []), mean), mean)


def test_of_too_few_objects_the_others_are_the_mean() -> None:
    mean = POINTS.mean(axis=0)
    by_left, by_place = (Layout("points", 3, left) for left in (True, False))
    left = by_left.answers(seen(by_left, POINTS[0], [2, 0]), mean)  # from left to right they fill the first places
    assert left.tolist() == [*POINTS[0, :2], *POINTS[0, 4:], *mean[4:]]
    place = by_place.answers(seen(by_place, POINTS[0], [2, 0]), mean)
    assert place.tolist() == [*POINTS[0, :2], *mean[2:4], *POINTS[0, 4:]]
    assert mean.tolist() == POINTS.mean(axis=0).tolist()


def test_of_too_many_objects_the_best_are_taken() -> None:
    by_left = Layout("points", 2, True)
    found = seen(Layout("points", 3, True), POINTS[0], [1, 2, 0])
    assert by_left.answers(found, np.zeros(4)).tolist() == POINTS[0, 2:].tolist()
    by_place = Layout("points", 2, False)
    found = seen(Layout("points", 3, True), POINTS[0]) | {"labels": ["place 2", "place 1", "place 2"]}
    assert by_place.answers(found, np.zeros(4)).tolist() == [*POINTS[0, 2:4], *POINTS[0, :2]]


@pytest.mark.parametrize("columns", [0, 1, 3, 5])
def test_odd_columns_are_refused(columns: int) -> None:
    for keypoints in (False, True):
        with pytest.raises(DataError, match=f"pairs of x and y; these answers have {columns} columns"):
            Layout.of(np.zeros((2, columns)), keypoints)


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [("pnist/box", "boxes", 1), ("pnist/topleft", "points", 1), ("scenes/boxes?rows=20", "boxes", 3)],
)
def test_answers_of_tasks(name: str, kind: str, count: int) -> None:
    answers = get_task(name).data().y.to_numpy(dtype=float)
    assert Layout.of(answers, False) == Layout(kind, count, True)


def images(n: int = 4, channels: int = 1) -> Array:
    return np.random.RandomState(0).randint(0, 255, (n, channels, 30, 40)).astype(np.uint8)


ANSWERS = np.array([[3.0, 4], [5, 6], [7, 8], [9, 10]])


@pytest.mark.parametrize(
    ("X", "y", "kind", "said"),
    [
        (np.zeros((4, 3)), ANSWERS, Refused, "this task is a table of 3 columns"),
        (images(channels=2), ANSWERS, Refused, "1 or 3 channels, these have 2"),
        (images(), ANSWERS[:, 0], DataError, r"y has the shape \(4,\)"),
        (images(), ANSWERS[:3], DataError, r"y has the shape \(3, 2\)"),
        (images(1), ANSWERS[:1], DataError, "2 images or more"),
        (images(), ANSWERS[:, [0, 1, 1]], DataError, "these answers have 3 columns"),
        (
            images(),
            ANSWERS + np.array([0, 20]),
            DataError,
            r"row 3 of y has the point \(9, 30\).* 40 pixels wide and 30 high",
        ),
        (images(), ANSWERS - np.array([3.6, 0]), DataError, r"row 0 of y has the point \(-0.6, 4\)"),
        (images(), np.where(ANSWERS == 5, np.nan, ANSWERS), DataError, "y has to be finite"),
        (images().astype(float), ANSWERS, DataError, "from 0 to 1, and these are from 0 to 254; scale them"),
        (np.full((4, 30, 40), np.inf), ANSWERS, DataError, "X has to be finite"),
    ],
)
@pytest.mark.parametrize("arch", ["fasterrcnn", "keypointrcnn"])
def test_refusals(X: Any, y: Any, kind: type[Exception], said: str, arch: str) -> None:
    with pytest.raises(kind, match=said):
        DetectorRegressor(arch).fit(X, y)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"batch_size": 0}, {"scale": 0}, {"lr": 0.0}, {"lr": float("nan")}])
def test_parameters_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="have to be 1 or more, and lr above 0"):
        DetectorRegressor(**wrong).fit(images(), ANSWERS)


def test_points_on_the_edges_of_the_outermost_pixels_are_inside() -> None:
    Layout.check_inside(np.array([[-0.5, -0.5, 39.5, 29.5]]), SIZE)


def test_images_become_bytes_of_three_channels() -> None:
    learner = DetectorRegressor()
    grey = learner._images(images())
    assert grey.shape == (4, 30, 40, 3)
    assert (grey == images()[:, 0, :, :, None]).all()
    assert (learner._images(images(channels=3)) == np.moveaxis(images(channels=3), 1, 3)).all()
