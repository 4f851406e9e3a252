from __future__ import annotations

import numpy as np
import pytest

from spoton import evaluate
from spoton.data import PointData
from spoton.errors import UsageError
from spoton.tasks import Task, get_task
from spoton.tasks._lists import answers
from spoton.testing import check_task

PAD = -100.0


def held_out(task: Task) -> PointData:
    found = task.test()
    assert found is not None
    return found


def lists_of(data: PointData) -> list[np.ndarray]:
    """The rows without their padding."""
    return [row[row >= 0] for row in data.X.to_numpy()]  # type: ignore[union-attr]


def test_answers_worked_out_by_hand() -> None:
    lists = np.array([[3.0, 7.0, 7.0, PAD], [5.0, PAD, PAD, PAD], [9.0, 0.0, 4.0, 2.0]])
    assert answers("argmax", lists).tolist() == [[1], [0], [0]]
    assert answers("max", lists).tolist() == [[7], [5], [9]]
    assert answers("sort", lists).tolist() == [[3, 7, 7, PAD], [5, PAD, PAD, PAD], [0, 2, 4, 9]]


@pytest.mark.parametrize("variant", ["", "?ties=0.5", "?numbers=real", "?numbers=real&ties=0.5&shortest=3"])
def test_answers_are_those_of_numpy_on_the_bare_lists(variant: str) -> None:
    tasks = {member: get_task(f"lists/{member}{variant}") for member in ("argmax", "max", "sort")}
    for part in (Task.data, held_out):
        data = {member: part(task) for member, task in tasks.items()}
        assert data["argmax"].X.equals(data["max"].X)  # type: ignore[union-attr]
        assert data["argmax"].X.equals(data["sort"].X)  # type: ignore[union-attr]
        y = {member: found.y.to_numpy() for member, found in data.items()}
        for i, numbers in enumerate(lists_of(data["max"])):
            assert y["argmax"][i] == np.argmax(numbers)
            assert y["max"][i] == np.max(numbers)
            assert np.array_equal(y["sort"][i, : len(numbers)], np.sort(numbers))
            assert (y["sort"][i, len(numbers) :] < 0).all()


def test_the_lists_of_the_test_set_are_longer_than_all_others() -> None:
    task = get_task("lists/max?length=5&shortest=2&longest=11&rows=500")
    data, test = task.data(), held_out(task)
    assert data.X.shape == (500, 11)
    assert test.X.shape == (1000, 11)
    assert {len(row) for row in lists_of(data)} == {2, 3, 4, 5}
    assert {len(row) for row in lists_of(test)} == set(range(6, 12))
    assert get_task("lists/max?longest=8").test() is None
    assert task.support == tuple(data.X.columns)  # type: ignore[union-attr]


def test_padding_is_last_and_can_be_no_number() -> None:
    for variant, limit in (("", 100), ("?highest=999", 1000), ("?numbers=real", 1)):
        task = get_task(f"lists/sort{variant}")
        for part in (task.data(), held_out(task)):
            table = part.X.to_numpy()  # type: ignore[union-attr]
            padded = table == -limit
            assert ((table >= 0) & (table < limit) | padded).all()
            assert (np.diff(padded.astype(int), axis=1) >= 0).all()
            assert not padded[:, 0].any()


def test_numbers_are_exact_in_float32() -> None:
    for variant in ("highest=16777215", "numbers=real"):
        X = get_task(f"lists/max?{variant}").data().X.to_numpy()  # type: ignore[union-attr]
        assert np.array_equal(X.astype(np.float32).astype(np.float64), X)


def test_numbers_of_a_list_differ_unless_ties_are_asked_for() -> None:
    for name in ("lists/max", "lists/max?highest=31"):
        task = get_task(name)
        assert all(len(set(row)) == len(row) for data in (task.data(), held_out(task)) for row in lists_of(data))
    rows = lists_of(get_task("lists/argmax?ties=0.5").data())
    repeats = sum(len(row) - len(set(row)) for row in rows) / sum(len(row) - 1 for row in rows)
    assert repeats == pytest.approx(0.5, abs=0.02)
    twice = np.mean([(row == row.max()).sum() > 1 for row in rows if len(row) == 8])
    assert 0.3 < twice < 0.8  # the rule of the first of equal ones is asked for
    assert all(len(set(row)) == 1 for row in lists_of(get_task("lists/max?ties=1").data()))


def test_each_length_and_each_place_of_the_maximum_is_as_likely_as_any() -> None:
    data = get_task("lists/argmax?rows=20000&shortest=8").data()
    share = np.bincount(data.y["argmax"].astype(int), minlength=8) / len(data)
    assert share == pytest.approx(np.full(8, 1 / 8), abs=0.01)
    lengths = np.bincount([len(row) for row in lists_of(get_task("lists/argmax?rows=20000").data())], minlength=9)
    assert lengths[1:] / 20000 == pytest.approx(np.full(8, 1 / 8), abs=0.01)


def test_other_rows_leave_the_test_set_alone() -> None:
    small, large = (held_out(get_task(f"lists/max?rows={n}")) for n in (50, 5000))
    assert small.hash() == large.hash()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lists/argmax?length=40", "shortest <= length <= longest, these are 1, 40 and 32"),
        ("lists/argmax?shortest=9", "these are 9, 8 and 32"),
        ("lists/sort?highest=9", "lists of 32 need as many different numbers, and 0 to 9 are fewer"),
        ("lists/sort?highest=200&numbers=real", "real ones go from 0 to 1"),
        ("lists/sort?numbers=prime", "one of whole, real is expected"),
        ("lists/argmin", "did you mean lists/argmax"),
    ],
)
def test_wrong_names_say_what_is_wrong(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        get_task(name)


@pytest.mark.parametrize(
    "name",
    [
        "lists/argmax?numbers=real&ties=0.5",
        "lists/max?highest=999&longest=128&rows=100",
        "lists/sort?length=3&longest=5&rows=60&shortest=3&train=40",
    ],
)
def test_variants_pass_the_checks_of_tasks(name: str) -> None:
    check_task(get_task(name))


def test_every_learner_of_tables_takes_part() -> None:
    for learner in ("linear", "knn", "basenet+ynorm?epochs=1"):
        run = evaluate(learner, "lists/sort?length=3&longest=6&rows=200")
        assert run.status == "ok", run.reason
        assert set(run.metrics) == {"train", "valid", "test"}
        assert run.metrics["test"]["hit"] < 0.5
