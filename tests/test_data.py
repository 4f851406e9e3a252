from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoton.data import PointData, as_input, make_split
from spoton.errors import DataError, UsageError


def test_images_come_in_four_forms_and_leave_in_one() -> None:
    grey = np.array([[[0, 255, 51]], [[1, 2, 3]]], dtype=np.uint8)
    out = as_input(grey)
    assert out.shape == (2, 1, 1, 3)
    assert out.dtype == np.float32
    assert out[0, 0, 0].tolist() == [0.0, 1.0, np.float32(0.2)]
    assert np.array_equal(as_input(grey[:, None]), out)
    assert np.array_equal(as_input(out), out)
    assert np.array_equal(as_input(out.astype(np.float64)), out)


def test_tables_pass_through() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert as_input(frame) is frame
    assert as_input([1.0, 2.0]).shape == (2, 1)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.zeros((1, 2, 3, 4, 5)), r"shape \(1, 2, 3, 4, 5\)"),
        (np.full((2, 3, 3), "a"), "have to be numbers"),
    ],
)
def test_other_inputs_are_refused(X: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        as_input(X)


def test_hash_sees_every_part() -> None:
    def data(x: float = 0, y: float = 1, label: int = 2, name: str = "a") -> PointData:
        return PointData(
            np.full((2, 1, 2, 2), x, np.float32), pd.DataFrame({name: [y, y]}), labels=np.array([label, 0])
        )

    same, others = data(), [data(x=0.5), data(y=2), data(label=3), data(name="b")]
    assert same.hash() == data().hash()
    assert len({same.hash(), *(other.hash() for other in others)}) == 5


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="X has 3 rows and y has 2"):
        PointData(np.zeros((3, 1, 2, 2)), pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(DataError, match="1 labels for 2 rows"):
        PointData(np.zeros((2, 1, 2, 2)), pd.DataFrame({"a": [1, 2]}), labels=np.array([1]))


def test_the_split_is_frozen() -> None:
    """These numbers must never change: every stored run refers to them."""
    split = make_split(709, 0)
    assert (len(split.train), len(split.valid)) == (567, 142)
    assert split.valid[:5].tolist() == [540, 467, 355, 172, 637]
    assert split.hash() == "ae3421364816f8ad"


@given(st.integers(2, 300), st.integers(0, 50))
def test_every_row_is_on_one_side(n: int, seed: int) -> None:
    split = make_split(n, seed)
    assert sorted([*split.train, *split.valid]) == list(range(n))
    assert len(split.valid) == max(1, round(n * 0.2))


@given(st.integers(10, 300), st.integers(0, 5), st.data())
def test_smaller_train_sizes_are_parts_of_larger_ones(n: int, seed: int, data: st.DataObject) -> None:
    whole = make_split(n, seed)
    size = data.draw(st.integers(1, len(whole.train)))
    part = make_split(n, seed, train_size=size)
    assert np.array_equal(part.train, whole.train[:size])
    assert np.array_equal(part.valid, whole.valid)


def test_a_task_may_ask_for_more_training_rows_than_four_fifths() -> None:
    split = make_split(10, 0, train=9)
    assert (len(split.train), len(split.valid)) == (9, 1)
    assert len(make_split(10, 0, train=3).valid) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n": 1, "seed": 0}, "2 rows or more, there is 1"),
        ({"n": 10, "seed": -1}, "a seed is 0 or more"),
        ({"n": 10, "seed": 0, "train": 10}, "train=10 is not possible: there are 10 rows"),
        (
            {"n": 10, "seed": 0, "train_size": 9},
            "train size of 9 is not possible: the training side has 8 rows",
        ),
        ({"n": 10, "seed": 0, "train_size": 0}, "train size of 0"),
    ],
)
def test_impossible_sizes_are_refused(arguments: dict[str, int], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_split(**arguments)
