from __future__ import annotations

import math
import pickle
from datetime import time
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from spoton.errors import DataError, UsageError
from spoton.learners._table_inputs import TableInputs

R6 = math.sqrt(1.5)  # 1, 2, 3 standardised are -R6, 0, R6: their sd is sqrt(2/3)


COLOURS = ["red", "blue", "red", "green", None, "blue"]


def gives(X: Any, expected: list[list[float]]) -> bool:
    """Whether the columns of numbers are those."""
    numbers = TableInputs().fit_transform(X).numbers.T
    return numbers.shape == np.shape(expected) and np.allclose(numbers, expected, rtol=0, atol=1e-12)


def test_numbers_are_standardised() -> None:
    encoder = TableInputs().fit(np.array([[1.0, 10], [2, 30], [3, 20]]))
    encoded = encoder.transform(np.array([[2.0, 20], [5, 30]]))
    assert encoded.numbers == pytest.approx(np.array([[0, 0], [3 * R6, R6]]))
    assert encoded.numbers.dtype == np.float64
    assert encoded.codes.shape == (2, 0)
    assert encoded.codes.dtype == np.int64
    assert encoder.names_ == ["x0", "x1"]
    assert encoder.origin_.tolist() == [0, 1]
    assert encoder.limits_ == pytest.approx(np.array([[-R6, -R6], [R6, R6]]))
    assert encoder.n_features_in_ == 2
    assert (encoder.dropped_, encoder.duplicates_, encoder.cardinalities_) == ({}, {}, [])


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint8", "int64", "object", "longdouble"])
def test_any_dtype_of_array(dtype: str) -> None:
    assert gives(np.array([[1], [2], [3]], dtype=dtype), [[-R6, 0, R6]])


def test_bools_one_axis_and_lists() -> None:
    assert gives(np.array([[True], [False]]), [[1, -1]])
    assert gives(np.array([1.0, 2, 3]), [[-R6, 0, R6]])
    assert gives([[1], [2], [3]], [[-R6, 0, R6]])
    assert gives([[1, "a"], [2, "a"], [3, "a"]], [[-R6, 0, R6]])
    assert gives(np.ma.masked_equal([[1], [2], [3], [9]], 9)[:, 0], [[-R6, 0, R6, 0], [-1 / 3**0.5] * 3 + [3**0.5]])
    assert gives(pd.Series([1, 2, 3], name="a"), [[-R6, 0, R6]])


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1, 2, 3, None], dtype="Int64"),
        pd.array([1, 2, 3, None], dtype="Float64"),
        pd.array([1, 2, 3, None], dtype="float32"),
        pd.array([1, 2, 3, None], dtype="int64[pyarrow]"),
        pd.arrays.SparseArray([1, 2, 3, np.nan]),
        np.array([1, 2.0, Decimal(3), None], dtype=object),
        pd.to_timedelta(["1s", "2s", "3s", None]),
        np.array([time(0, 0, 1), time(0, 0, 2), time(0, 0, 3), None], dtype=object),
    ],
    ids=["Int64", "Float64", "float32", "arrow", "sparse", "object", "timedelta", "time"],
)
def test_missing_numbers_are_the_mean_and_said_so(values: Any) -> None:
    encoder = TableInputs().fit(pd.DataFrame({"a": values}))
    assert encoder.names_ == ["a", "a is missing"]
    assert encoder.origin_.tolist() == [0, 0]
    # a quarter is missing: mean 1/4, sd sqrt(3)/4
    low, high = -1 / math.sqrt(3), math.sqrt(3)
    encoded = encoder.transform(pd.DataFrame({"a": values}))
    assert encoded.numbers == pytest.approx(np.array([[-R6, low], [0, low], [R6, low], [0, high]]), abs=1e-12)


@pytest.mark.parametrize("dtype", ["boolean", "object", "bool[pyarrow]"])
def test_missing_bools(dtype: str) -> None:
    low, high = -1 / math.sqrt(2), math.sqrt(2)
    table = pd.DataFrame({"a": pd.array([True, False, None], dtype=dtype)})
    assert gives(table, [[1, -1, 0], [low, low, high]])


def test_missing_at_predict_time_only_is_the_mean() -> None:
    encoder = TableInputs().fit(pd.DataFrame({"a": [1, 2, 3], "b": [1.0, 2, 3]}))
    for nothing in (np.nan, None, pd.NA, pd.NaT):
        table = pd.DataFrame({"a": [nothing, nothing], "b": [nothing, 3]}, dtype=object)
        assert encoder.transform(table).numbers == pytest.approx(np.array([[0, 0], [0, R6]]))


def test_infinite_values_are_refused() -> None:
    with pytest.raises(DataError, match="column 'b' is infinite in row 1"):
        TableInputs().fit(pd.DataFrame({"a": [1.0, 2], "b": [1, np.inf]}))
    encoder = TableInputs().fit(np.array([[1.0, 1], [2, np.nan]]))
    with pytest.raises(DataError, match="column 'x0' is infinite in row 0"):
        encoder.transform(np.array([[-np.inf, 1]]))


def test_digits_survive_a_large_mean() -> None:
    # multiples of 2**-14 are exact next to 2**30, where the last digit is 2**-22
    noise = np.random.RandomState(1).randint(-(2**20), 2**20, 200) * 2.0**-14
    expected = (noise - noise.mean()) / noise.std()
    table = np.column_stack([2.0**30 + noise, noise])
    encoder = TableInputs().fit(table)
    z = encoder.transform(table).numbers
    assert np.abs(z - expected[:, None]).max() < 1e-13  # the mean alone, rounded to float64, would be off by 1e-9
    assert encoder.duplicates_ == {"x1": "x0"}


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e-12, 1e9, 1e200, 5e307])
def test_any_unit(size: float) -> None:
    assert TableInputs().fit_transform(np.array([[1.0], [2], [3]]) * size).numbers.T.tolist() == [
        pytest.approx([-R6, 0, R6], rel=1e-3 if size == 1e-320 else 1e-12, abs=1e-3 if size == 1e-320 else 1e-12)
    ]


def test_far_away_values_stay_finite() -> None:
    encoder = TableInputs().fit(np.array([[1e-200], [2e-200]]))
    assert encoder.transform(np.array([[1e300], [-1e300]])).numbers.ravel().tolist() == [
        np.finfo(float).max,
        np.finfo(float).min,
    ]


def test_columns_that_do_not_vary_are_dropped_with_the_reason() -> None:
    table = pd.DataFrame(
        {
            "five": [5, 5, 5, 5],
            "flat": [1, 1, 1, 1 + 1e-9],
            "none": [np.nan] * 4,
            "nothing": [None] * 4,
            "one": ["x"] * 4,
            "day": pd.to_datetime(["2020-01-01"] * 4),
            "pixel": [0, 0, 0, 1e-3],
            "half": [7, 7, np.nan, np.nan],
        }
    )
    encoder = TableInputs().fit(table)
    assert encoder.names_ == ["pixel", "half is missing"]
    assert encoder.origin_.tolist() == [6, 7]
    assert encoder.dropped_ == {
        "five": "constant: every training row that has a value has 5",
        "flat": "nearly constant: its sd of 4e-10 is at most 1e-08 of its largest absolute value",
        "none": "all training rows lack a value",
        "nothing": "all training rows lack a value",
        "one": "constant: every training row that has a value has 'x'",
        "day": "constant: every training row that has a value has 2020-01-01 00:00:00",
        "half": "constant: every training row that has a value has 7",
    }
    # what was dropped is not looked at
    assert encoder.transform(table.assign(nothing="text")).numbers.shape == (4, 2)


def test_nothing_left_is_an_empty_encoding() -> None:
    encoded = TableInputs().fit_transform(np.ones((3, 2)))
    assert encoded.numbers.shape == (3, 0)


def test_clip_keeps_values_near_the_limits_of_training() -> None:
    table = np.array([[1.0], [2], [3]])
    encoder = TableInputs(clip=0.5).fit(table)
    assert encoder.transform(np.array([[-100.0], [2.5], [100]])).numbers.ravel() == pytest.approx(
        [-R6 - 0.5, R6 / 2, R6 + 0.5]
    )
    assert np.array_equal(encoder.transform(table).numbers, TableInputs().fit_transform(table).numbers)
    with pytest.raises(UsageError, match="clip is a number of sds from 0 up, or None; this one is -1"):
        TableInputs(clip=-1).fit(table)


def test_duplicates_are_kept_and_listed() -> None:
    a = np.array([1.0, 2, 4, 8, np.nan])
    table = pd.DataFrame({"a": a, "b": a**2, "celsius": 1.8 * a + 32, "minus": -a, "b again": a**2})
    encoder = TableInputs().fit(table)
    gaps = {f"{name} is missing": "a is missing" for name in ("b", "celsius", "minus", "b again")}
    assert encoder.duplicates_ == {"celsius": "a", "b again": "b"} | gaps
    assert len(encoder.names_) == 10


def test_columns_are_checked() -> None:
    table = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"]})
    encoder = TableInputs().fit(table)
    assert encoder.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(DataError, match="column 0 is 'b', in the fit it was 'a'"):
        encoder.transform(table[["b", "a"]])
    with pytest.raises(DataError, match="there are 1 columns, in the fit 2"):
        encoder.transform(table[["a"]])
    with pytest.raises(DataError, match="X has 3 columns where the fit had 2"):
        encoder.transform(np.zeros((2, 3)))
    with pytest.raises(DataError, match="column 'a' holds categories, in the fit it held numbers"):
        encoder.transform(table.assign(a="text"))
    with pytest.raises(DataError, match="column 'b' holds numbers, in the fit it held categories"):
        encoder.transform(table.assign(b=1))
    # a column of gaps has no kind of its own
    assert encoder.transform(pd.DataFrame({"a": ["", None], "b": [np.nan, np.nan]})[1:]).numbers.tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros((2, 3, 4)), r"a table \(n, columns\) is expected, this ndarray has shape \(2, 3, 4\)"),
        ([[1], [2, 3]], "rows of one length"),
        (sparse.eye(3), "a dense table is expected, this one is sparse"),
        (np.zeros((0, 3)), r"a row and a column or more, this one has shape \(0, 3\)"),
        (np.zeros((3, 0)), r"a row and a column or more, this one has shape \(3, 0\)"),
        (np.array([[1j], [2]]), "column 'x0' holds complex"),
        (pd.DataFrame({"a": [[1], [2]]}), "column 'a' holds list; numbers, text, dates or categories are expected"),
        (pd.DataFrame({"a": [10**400, 1]}), "column 'a' holds a number beyond float64"),
    ],
    ids=["images", "ragged", "sparse", "rows", "columns", "complex", "lists", "huge"],
)
def test_what_is_no_table_is_refused(table: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        TableInputs().fit(table)


def test_columns_of_one_name_keep_apart() -> None:
    table = pd.DataFrame([[1, "x", 5.0], [2, "y", 7], [3, "x", 7]], columns=["a", "a", "a"])
    encoder = TableInputs().fit(table)
    assert encoder.names_ == ["a", "a", "a=y"]
    assert encoder.origin_.tolist() == [0, 2, 1]


def test_importances_add_up_by_column() -> None:
    encoder = TableInputs().fit(pd.DataFrame({"c": COLOURS, "flat": 1, "n": [1, 2, 3, 4, 5, np.nan]}))
    assert encoder.names_ == ["n", "c=blue", "c=red", "c is missing", "n is missing"]
    assert encoder.importances([1, 2, 3, 4, 5]).tolist() == [9, 0, 6]
    assert encoder.importances([1, 2, 3, 4, 5], [10]).tolist() == [19, 0, 6]
    with pytest.raises(UsageError, match=r"importances of 5 numbers are expected, these have shape \(4,\)"):
        encoder.importances([1, 2, 3, 4])


def test_manners_of_scikit_learn() -> None:
    encoder = TableInputs(clip=2.0)
    assert clone(encoder).get_params() == {"clip": 2.0}
    with pytest.raises(NotFittedError):
        encoder.transform(np.zeros((2, 2)))
    table = pd.DataFrame({"c": COLOURS, "n": range(6)})
    before = table.copy()
    encoder.fit(table)
    again = pickle.loads(pickle.dumps(encoder))
    assert np.array_equal(again.transform(table).numbers, encoder.transform(table).numbers)
    assert table.equals(before)
    encoder.fit(np.arange(6.0).reshape(3, 2))
    assert not hasattr(encoder, "feature_names_in_")


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float64, (7, 3), elements=st.floats(-1e6, 1e6) | st.just(np.nan)),
    st.permutations(range(7)),
)
def test_rows_do_not_depend_on_each_other_and_nothing_is_nan(table: Any, order: list[int]) -> None:
    encoder = TableInputs().fit(table)
    z = encoder.transform(table).numbers
    assert np.isfinite(z).all()
    assert np.array_equal(encoder.transform(table[order]).numbers, z[order])
    assert np.array_equal(encoder.transform(np.asfortranarray(table)).numbers, z)
    assert (z >= encoder.limits_[0] - 1e-9).all()
    assert (z <= encoder.limits_[1] + 1e-9).all()
    assert np.abs(z.mean(axis=0)).max(initial=0) < 1e-6


def test_wide_tables_in_parts_are_the_same_as_narrow_ones() -> None:
    rng = np.random.RandomState(2)
    table = rng.standard_normal((40, 9000)).astype(np.float32)
    table[:, ::7] = 0
    table[3, 5::700] = np.nan
    encoder = TableInputs().fit(table)
    z = encoder.transform(table).numbers
    narrow = TableInputs().fit(table[:, 8000:8010])
    first = encoder.names_.index("x8000")
    kept = len(narrow.names_)
    assert np.allclose(z[:, first : first + kept], narrow.transform(table[:, 8000:8010]).numbers, atol=1e-12)
    assert len(encoder.dropped_) == 1286
    frame = pd.DataFrame(table)
    assert np.allclose(TableInputs().fit_transform(frame).numbers, z, atol=1e-12)
