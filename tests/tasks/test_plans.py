"""Corners of floor plans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoton import evaluate
from spoton.errors import UsageError
from spoton.tasks import _plan_drawing, _plans, get_task
from spoton.testing import check_task

SHAPES = list(_plan_drawing.CORNERS)
ROOM = """
..........
.#####....
.#####....
.#####....
.########.
.########.
..........
"""
CORNERS = [[1, 1], [5, 1], [5, 4], [8, 4], [8, 5], [1, 5]]
# a door in the upper wall, a window (f) in the right one, a table as dark as the wall, and faint things (f) outside
PLAN = """
...................fff
.######.....#######...
.#................#...
.#................#...
.#..........##....f...
.#..........##....f...
.#................f..f
.#................f...
.#................#..f
.#######..........#..f
........#.........#...
........#.........#..f
........#.........#...
........###########...
......................
"""


def art(text: str) -> np.ndarray:
    """Text as grey levels (1, H, W): paper 240, walls 10, what is faint 130."""
    levels = {".": 240, "#": 10, "f": 130}
    return np.array([[levels[c] for c in line] for line in text.split()], dtype=np.float32)[None] / np.float32(255)


def corners(points: np.ndarray) -> np.ndarray:
    return points.reshape(len(points), -1, 2).astype(int)


def test_the_corners_of_a_room_by_hand() -> None:
    room = art(ROOM) < 0.5
    assert _plans.corners_of(room, 6)[0].tolist() == CORNERS
    assert _plans.corners_of(room, 4)[0].tolist() == [[-1, -1]] * 4
    mirrored = _plans.corners_of(room[:, :, ::-1], 6)[0].tolist()
    assert mirrored == [[4, 1], [8, 1], [8, 5], [1, 5], [1, 4], [4, 4]]
    both = _plans.corners_of(np.concatenate([room[:, :, ::-1], room]), 6)
    assert both[1].tolist() == CORNERS


def test_an_outline_by_hand() -> None:
    outline = np.array([[1, 1], [6, 1], [6, 4], [9, 4], [9, 6], [1, 6]])
    assert np.array_equal(_plan_drawing.filled(outline, 10)[:7], art(ROOM)[0] < 0.5)
    assert _plan_drawing.corner_pixels(outline).tolist() == CORNERS


def test_doors_are_bridged_and_what_is_faint_is_no_wall() -> None:
    room = _plans.room(art(PLAN)[:, None])
    assert _plans.corners_of(room, 6)[0].tolist() == [[1, 1], [18, 1], [18, 13], [8, 13], [8, 9], [1, 9]]


def test_cuts_make_up_the_whole() -> None:
    random = np.random.RandomState(0)
    for _ in range(200):
        parts = _plan_drawing.cut(random, 40, [14, 8, 14])
        assert sum(parts) == 40
        assert np.all(np.array(parts) >= [14, 8, 14])
    assert _plan_drawing.cut(random, 36, [14, 8, 14]) == [14, 8, 14]


@pytest.mark.parametrize("shape", SHAPES)
def test_corners_go_clockwise_around_the_room(shape: str) -> None:
    data = get_task(f"plans/corners?shape={shape}&rows=300").data()
    found = corners(data.y.to_numpy())
    assert found.shape[1] == _plan_drawing.CORNERS[shape]
    assert len(data.points) == found.shape[1]
    x, y = np.moveaxis(found, 2, 0)
    assert (np.lexsort((x, y), axis=1)[:, 0] == 0).all()  # topmost, then leftmost
    ahead = np.roll(found, -1, axis=1) - found
    assert (ahead[:, ::2, 1] == 0).all()  # along a row, then along a column
    assert (ahead[:, 1::2, 0] == 0).all()
    assert (ahead[:, 0, 0] > 0).all()
    area = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    assert (area > 0).all()
    before = np.roll(ahead, 1, axis=1)
    turn = np.sign(before[..., 0] * ahead[..., 1] - before[..., 1] * ahead[..., 0])
    assert (turn.sum(axis=1) == 4).all()  # four turns to the right more than to the left
    assert (np.abs(ahead).sum(axis=2) >= _plan_drawing.NOTCH - 2).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_corner_is_wall_and_what_lies_outside_of_it_is_not(shape: str) -> None:
    data = get_task(f"plans/corners?shape={shape}&rows=300").data()
    grey = np.rint(np.asarray(data.X)[:, 0] * 255).astype(int)
    paper = grey[:, :1, :1]
    contrast = np.abs(grey - paper)
    wall = contrast == contrast.max(axis=(1, 2), keepdims=True)
    found = corners(data.y.to_numpy())
    ahead = np.sign(np.roll(found, -1, axis=1) - found)
    back = -np.roll(ahead, 1, axis=1)
    turn = np.sign(ahead[..., 0] * back[..., 1] - ahead[..., 1] * back[..., 0])[..., None]
    each = np.arange(len(grey))[:, None]

    def at(pixels: np.ndarray) -> np.ndarray:
        hit: np.ndarray = wall[each, pixels[..., 1], pixels[..., 0]]
        return hit

    for step in range(3):  # no door and no window at a corner
        assert at(found + step * ahead).all()
        assert at(found + step * back).all()
    # outside: of a turn to the right the pixel diagonally away from both walls, of one to the left that between them
    assert not at(found - turn * (ahead + back)).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_oracle_is_exact_on_every_row(shape: str) -> None:
    for variant in ("", "&plain=1&size=48&rows=100", "&ink=dark&size=97&rows=100"):
        task = get_task(f"plans/corners?shape={shape}{variant}")
        oracle = task.oracle()
        assert oracle is not None
        data = task.data()
        assert np.array_equal(oracle.fit(data.X, data.y).predict(data.X), data.y.to_numpy())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SHAPES), st.integers(48, 80))
def test_every_plan_is_found_again(seed: int, shape: str, size: int) -> None:
    image, found = _plan_drawing.plan(np.random.RandomState(seed), shape, size, "any", plain=False)
    assert image.shape == (size, size)
    X = image[None, None].astype(np.float32) / np.float32(255)
    assert np.array_equal(_plans.rule(X, count=len(found)).reshape(-1, 2), found)


def test_ink_and_plain_do_what_they_say() -> None:
    for ink, sign in (("dark", -1), ("light", 1)):
        X = np.asarray(get_task(f"plans/corners?ink={ink}&rows=50").data().X)[:, 0]
        away = X - X[:, :1, :1]
        assert (sign * away >= 0).all()
        assert (np.abs(away).max(axis=(1, 2)) > 0.5).all()
    both = np.asarray(get_task("plans/corners?rows=200").data().X)[:, 0, 0, 0]
    assert 0.3 < (both > 0.5).mean() < 0.7
    levels = [len(np.unique(image)) for image in np.asarray(get_task("plans/corners?plain=1&rows=50").data().X)]
    assert set(levels) == {2}


def test_most_plans_have_doors_and_distractions() -> None:
    data = get_task("plans/corners?rows=200").data()
    X = np.asarray(data.X)[:, 0]
    contrast = np.abs(X - X[:, :1, :1])
    wall = contrast == contrast.max(axis=(1, 2), keepdims=True)
    room = _plans.room(np.asarray(data.X))
    edge = room & ~np.stack([_plan_drawing.shrunk(part, 1) for part in room])
    assert ((edge & ~wall).sum(axis=(1, 2)) >= 5).mean() > 0.9
    assert ((contrast > 0) & ~room).any(axis=(1, 2)).mean() > 0.5
    inner = np.stack([_plan_drawing.shrunk(part, 4) for part in room])
    assert ((contrast > 0) & inner).any(axis=(1, 2)).mean() > 0.9


def test_a_rectangle_too_large_for_its_place_is_not_there() -> None:
    free = np.zeros((9, 9), dtype=bool)
    free[2:5, 3:8] = True
    assert _plan_drawing.spot(np.random.RandomState(0), free, 3, 5) == (slice(2, 5), slice(3, 8))
    assert _plan_drawing.spot(np.random.RandomState(0), free, 4, 5) is None


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("plans/corners", "43ebc319a2476979bb83ed88"),
        ("plans/corners?shape=u&rows=100&size=97", "b4a848232b33c1db21e9f926"),
    ],
)
def test_data_never_changes(name: str, hashed: str) -> None:
    assert get_task(name).data_hash == hashed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plans/corners?size=47", "a whole number from 48 to 512"),
        ("plans/corners?shape=z", "one of rect, l, t, u is expected"),
        ("plans/corners?ink=red", "one of any, dark, light is expected"),
        ("plans/corner", "did you mean plans/corners"),
    ],
)
def test_wrong_names_say_what_is_wrong(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        get_task(name)


def test_one_name_and_the_checks_of_tasks() -> None:
    assert get_task("plans/corners?shape=l&size=64&plain=0&ink=any").name == "plans/corners"
    check_task(get_task("plans/corners?plain=1&rows=60&shape=rect&train=40"))


def test_learners_of_points_take_part() -> None:
    for learner in ("linear", "keypoint-head?epochs=1&depth=1&width=4"):
        run = evaluate(learner, "plans/corners?rows=60&size=48", train_size=40)
        assert run.status == "ok", run.reason
        assert set(run.metrics) == {"train", "valid", "test"}
