"""Pictures of one run, and the reasons where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from report_runs import made

from spoton import get_task
from spoton._run import Run
from spoton.errors import DataError
from spoton.gallery import _task, answers, missing, pictures, task_of
from spoton.history import History

POINTS = ["agreement", "images", "residuals", "places", "distances", "classes"]


@pytest.mark.parametrize(
    ("task", "names"),
    [("pnist/topleft", POINTS), ("pnist/box", POINTS), ("pnist/digit", ["classes"]), ("friedman1", ["agreement"])],
)
def test_each_kind_of_task_has_its_pictures(task: str, names: list[str]) -> None:
    run = made(task, "net", 0, 0.4)
    if task == "friedman1":
        run.history = History([{"train_mse": 2.0}, {"train_mse": 1.0}])
        names = ["curves", *names]
    found = pictures(run, dark=task == "pnist/box")
    assert list(found) == names
    for figure in found.values():
        if task == "pnist/topleft":
            figure.canvas.draw()
        assert figure.get_label().startswith(f"net on {task}, seed 0")
    assert missing(run) == ""


def test_answers_are_those_of_the_rows() -> None:
    run = made("pnist/topleft", "net", 3, 0.0)
    held = answers(run)
    np.testing.assert_array_equal(held.actual, held.predicted)
    assert held.errors.max() == 0
    assert held.pairs == [(0, 1)]
    assert held.size == (28, 28)
    task = get_task("pnist/topleft")
    train = task.data().y.to_numpy()[task.split(3).train]
    np.testing.assert_allclose(held.centre, train.mean(axis=0))
    assert run.predictions is not None
    run.predictions["valid"] = held.actual + np.array([3.0, 4.0])
    np.testing.assert_allclose(answers(run).errors, 5.0)
    assert answers(run, split="train").errors.max() == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"predictions": None}, "--keep-predictions keeps them"),
        ({"status": "failed"}, "the run failed"),
        ({"status": "skipped"}, "the run was skipped"),
        ({"own": True}, "data of your own"),
        ({"data_hash": "other"}, "not what the run saw"),
        ({"task": "pnist/gone"}, "no task is called 'pnist/gone'"),
        ({"task": "pnist/topleft?data=mnist"}, "pictures download nothing; set SPOTON_DATA"),
    ],
)
def test_why_there_are_none(changes: dict[str, object], words: str) -> None:
    run = made("pnist/topleft", "net", 0, 0.4)
    for name, value in changes.items():
        setattr(run, name, value)
    assert words in missing(run)
    assert pictures(run) == {}
    with pytest.raises(DataError, match=words.partition("'")[0].split(";")[0]):
        answers(run)


def test_a_task_that_is_given_is_taken() -> None:
    run = made("friedman2", "net", 0, 1.0, own=True)
    assert missing(run)
    assert missing(run, get_task("friedman2")) == ""
    assert "not what the run saw" in missing(run, get_task("friedman3"))


def test_large_images_of_whole_sets_are_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTON_DATA", "/nowhere")
    _task._loaded.cache_clear()
    with pytest.raises(DataError, match="do not fit the memory"):
        task_of(Run("pnist/topleft?data=mnist&size=112", "net"))
    with pytest.raises(DataError, match="cannot be loaded"):
        task_of(Run("pnist/topleft?data=mnist", "net"))
    _task._loaded.cache_clear()
