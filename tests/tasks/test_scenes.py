"""Several digits on a canvas."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoton import evaluate
from spoton import ink as geometry
from spoton.data import PointData
from spoton.errors import DataError, UsageError
from spoton.tasks import SceneObjects, _digits, _scenes, get_task, scene_objects
from spoton.tasks._variants import Look, find_ink
from spoton.testing import check_task

VARIANTS = [
    "scenes/boxes",
    "scenes/points?specks=0.02&haze=40&rows=400",
    "scenes/boxes?objects=4&rows=300&specks=0.05",
    "scenes/points?digits=37&objects=2&rows=300&size=49",
    "scenes/boxes?objects=6&rows=100&size=80",
    "scenes/points?objects=1&rows=100&size=28",
]
# two digits by hand: the 2 reaches further left, and its one lone pixel is two blanks away from the rest of it
SCENE = """
..............
........11....
.........1....
.........1....
..............
..............
..............
.2..2.........
.2222.........
..............
"""
BOXES, POINTS = [[1, 7, 4, 8], [8, 1, 9, 3]], [[1, 7], [8, 1]]


def picture(text: str) -> np.ndarray:
    """Text as an image (1, 1, H, W): a dot is 0."""
    lines = text.split()
    return np.array([[c != "." for c in line] for line in lines], dtype=np.float32)[None, None]


def parts(name: str) -> list[tuple[PointData, SceneObjects]]:
    task = get_task(name)
    both = (task.data(), scene_objects(task)), (task.test(), scene_objects(task, "test"))
    return [(data, objects) for data, objects in both if data is not None and objects is not None]


def test_a_scene_worked_out_by_hand() -> None:
    X, look = picture(SCENE), Look()
    assert _scenes.rule(X, member="boxes", objects=2, look=look).tolist() == [np.ravel(BOXES).tolist()]
    assert _scenes.rule(X, member="points", objects=2, look=look).tolist() == [np.ravel(POINTS).tolist()]


def test_ink_hangs_together_over_two_blanks_and_not_over_three() -> None:
    row = picture("1..1...1....1")[0] > 0
    assert _scenes.labelled(row)[0, 0].tolist() == [1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 3]
    slanted = picture("1...\n....\n....\n...1")[0] > 0
    assert _scenes.labelled(slanted).max() == 1
    two = np.concatenate([row, row])
    assert set(_scenes.labelled(two)[1, 0]) == {0, 4, 5, 6}  # no number stands in two images


def test_images_that_are_no_scenes_of_the_task_are_answered_too() -> None:
    X = np.concatenate([picture(SCENE), np.zeros_like(picture(SCENE))])
    one = _scenes.rule(X, member="points", objects=1, look=Look())
    assert one.tolist() == [[1, 7], [-1, -1]]
    three = _scenes.rule(X, member="points", objects=3, look=Look())
    assert three.tolist() == [[1, 7, 8, 1, -1, -1], [-1] * 6]


@pytest.mark.parametrize("name", VARIANTS)
def test_answers_are_those_of_the_pixels(name: str) -> None:
    options = get_task(name).load.args[1]  # type: ignore[attr-defined]  # a partial of scenes
    for data, objects in parts(name):
        left_over = ink = find_ink(np.asarray(data.X), _scenes.look_of(options))
        y, x = np.ogrid[: ink.shape[1], : ink.shape[2]]
        for j in range(options["objects"]):
            left, top, right, bottom = (side[:, None, None] for side in objects.boxes[:, j].T)
            inside = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
            held = ink & inside
            assert np.array_equal(np.stack(list(geometry.extents(held).values()), axis=1), objects.boxes[:, j])
            assert np.array_equal(geometry.point(held, "topleft"), objects.points[:, j])
            left_over = left_over & ~inside
        assert not left_over.any()


@pytest.mark.parametrize("name", VARIANTS)
def test_digits_come_from_left_to_right_and_apart(name: str) -> None:
    for _, objects in parts(name):
        left, top, right, bottom = np.moveaxis(objects.boxes, 2, 0)
        assert (np.diff(left, axis=1) > 0).all()
        for a in range(left.shape[1]):
            for b in range(a):
                blank = [left[:, a] - right[:, b], left[:, b] - right[:, a]]
                blank += [top[:, a] - bottom[:, b], top[:, b] - bottom[:, a]]
                assert (np.max(blank, axis=0) - 1 >= _scenes.GAP).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_the_oracle_is_exact_on_every_row(name: str) -> None:
    task = get_task(name)
    oracle = task.oracle()
    assert oracle is not None
    for data in (task.data(), task.test()):
        if data is not None:
            assert np.array_equal(oracle.fit(data.X, data.y).predict(data.X), data.y.to_numpy())


def test_columns_and_points() -> None:
    boxes, points = get_task("scenes/boxes?objects=2").data(), get_task("scenes/points?objects=2").data()
    assert list(boxes.y.columns) == [f"{n}_{side}" for n in ("first", "second") for side in _scenes.SIDES]
    assert boxes.points[:2] == (("first_left", "first_top"), ("first_right", "first_bottom"))
    assert points.points == (("first_x", "first_y"), ("second_x", "second_y"))
    assert np.array_equal(boxes.X, points.X)  # type: ignore[arg-type]
    assert boxes.labels is None
    assert len(get_task("scenes/boxes").test()) == 666  # type: ignore[arg-type]


def test_haze_leaves_the_scenes_as_they_are() -> None:
    assert get_task("scenes/boxes?haze=40").data().y.equals(get_task("scenes/boxes").data().y)


def test_classes_are_those_of_the_digits() -> None:
    name = "scenes/boxes?rows=200&digits=0258"
    held = _digits.embedded("train")
    known: dict[bytes, int] = {}
    for image, label in zip(held.images, held.labels, strict=True):
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        known[image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].tobytes()] = int(label)
    data, objects = parts(name)[0]
    pixels = np.rint(np.asarray(data.X)[:, 0] * 255).astype(np.uint8)
    for i, j in np.ndindex(objects.classes.shape):
        left, top, right, bottom = objects.boxes[i, j]
        assert known[pixels[i, top : bottom + 1, left : right + 1].tobytes()] == objects.classes[i, j]
    assert set(np.unique(objects.classes)) == {0, 2, 5, 8}


def test_each_digit_is_met_as_often_as_any_other() -> None:
    assert np.ptp(np.bincount(scene_objects(get_task("scenes/boxes")).classes.ravel())) < 40  # type: ignore[union-attr]
    objects = scene_objects(get_task("scenes/boxes"), "test")
    assert objects is not None
    held = _scenes.usable(_digits.embedded("test"), Look())
    assert (np.bincount(objects.classes.ravel()) <= np.bincount(held.labels)).all()
    assert objects.classes.size == 3 * (len(held.labels) // 3) == 1998


def test_objects_are_those_of_scenes_alone() -> None:
    with pytest.raises(UsageError, match="not of pnist/topleft"):
        scene_objects(get_task("pnist/topleft"))
    with pytest.raises(UsageError, match="not 'valid'"):
        scene_objects(get_task("scenes/boxes"), "valid")
    assert scene_objects(get_task("scenes/boxes?digits=3"), "test") is None


def test_boxes_that_are_too_near_or_begin_in_one_column_are_not_allowed() -> None:
    size = np.array([[4, 5], [3, 3]])
    for corner, good in (
        ([[0, 0], [7, 0]], True),
        ([[0, 0], [6, 0]], False),
        ([[0, 0], [6, 8]], True),
        ([[1, 0], [0, 7]], False),
        ([[1, 0], [0, 8]], True),
        ([[2, 0], [2, 9]], False),
    ):
        assert _scenes.allowed(np.array(corner), size) == good


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=3, max_size=3), st.integers(0, 99))
def test_places_are_on_the_canvas_and_allowed(sizes: list[tuple[int, int]], seed: int) -> None:
    given_ = np.array([sizes] * 5)
    found = _scenes.places(given_, 64, np.random.RandomState(seed))
    assert _scenes.allowed(found, given_).all()
    assert found.min() >= 0
    assert (found + given_).max() <= 64


def test_places_are_as_likely_as_any_other() -> None:
    found = _scenes.places(np.ones((6000, 1, 2), dtype=int), 3, np.random.RandomState(0))
    counts = np.bincount((found[:, 0] @ [1, 3]).astype(int), minlength=9)
    assert counts == pytest.approx(np.full(9, 6000 / 9), rel=0.1)


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("scenes/boxes", "643a058cbae690b835e2a592"),
        ("scenes/points?specks=0.02&haze=40&objects=2&rows=100", "afb14f5447ea51eef2e383c7"),
    ],
)
def test_data_never_changes(name: str, hashed: str) -> None:
    assert get_task(name).data_hash == hashed


def test_another_process_makes_the_same_data() -> None:
    name = "scenes/points?rows=100"
    code = f"from spoton.tasks import get_task; print(get_task('{name}').data_hash)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == get_task(name).data_hash


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scenes/boxes?objects=7", "a whole number from 1 to 6"),
        ("scenes/boxes?objects=5", "size=64 is too small for 5 images of 20 pixels; give size=72 or more"),
        ("scenes/boxes?data=fashion", "size=64 is too small for 3 images of 28 pixels; give size=75 or more"),
        ("scenes/boxes?blur=1", "no option of scenes/boxes is called 'blur'"),
        ("scenes/box", "did you mean scenes/boxes"),
    ],
)
def test_wrong_names_say_what_is_wrong(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        get_task(name)
    if "give size=" in words:
        get_task(f"{name}&size={words.partition('give size=')[2].split()[0]}")


def test_images_without_ink_that_hangs_together_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.zeros((4, 28, 28), dtype=np.uint8)
    images[:, [2, 20], [2, 20]] = 255
    blots = _digits.Digits(images, np.zeros(4, dtype=np.int64), np.arange(4))
    monkeypatch.setattr(_scenes, "load_digits", lambda *_: (blots, None))
    with pytest.raises(DataError, match="no image has ink that hangs together"):
        get_task("scenes/boxes?rows=3").load()


def test_one_name_and_the_checks_of_tasks() -> None:
    assert get_task("scenes/points?size=64&haze=40&objects=3&digits=0123456789").name == "scenes/points?haze=40"
    check_task(get_task("scenes/points?haze=20&objects=2&rows=100&specks=0.01&train=70"))


def test_learners_of_points_take_part() -> None:
    for learner in ("linear@pts", "unet-heatmap?epochs=1&width=4"):
        run = evaluate(learner, "scenes/points?rows=60", train_size=40)
        assert run.status == "ok", run.reason
        assert set(run.metrics) == {"train", "valid", "test"}
