"""Dates, text, categories and frames of polars in `TableInputs`."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoton.errors import DataError
from spoton.learners._table_inputs import TableInputs

R6 = math.sqrt(1.5)  # 1, 2, 3 standardised are -R6, 0, R6: their sd is sqrt(2/3)
COLOURS = ["red", "blue", "red", "green", None, "blue"]


def test_dates() -> None:
    # Monday noon, Tuesday midnight, Wednesday noon: 0, 12 and 48 hours after the first
    when = pd.Series(pd.to_datetime(["2024-01-01 12:00", "2024-01-02 00:00", None, "2024-01-03 12:00"]))
    encoder = TableInputs().fit(pd.DataFrame({"when": when}))
    # the sine of noon and midnight is 0 in all rows
    assert encoder.dropped_ == {"when: hour (sin)": "constant: every training row that has a value has 0"}
    assert encoder.names_ == [
        "when: seconds",
        "when: hour (cos)",
        "when: weekday (sin)",
        "when: weekday (cos)",
        "when: day of year (sin)",
        "when: day of year (cos)",
        "when is missing",
    ]
    z = encoder.transform(pd.DataFrame({"when": when})).numbers
    hours = np.array([0.0, 12, 48])
    assert z[[0, 1, 3], 0] == pytest.approx((hours - 20) / hours.std())
    assert z[[0, 1, 3], 1] == pytest.approx(np.array([-1, 2, -1]) / math.sqrt(2))
    sines = np.sin(2 * np.pi * np.arange(3) / 7)
    assert z[[0, 1, 3], 2] == pytest.approx((sines - sines.mean()) / sines.std())
    assert z[2].tolist() == [0] * 6 + [pytest.approx(math.sqrt(3))]
    missing = encoder.transform(pd.DataFrame({"when": [None, None]})).numbers
    assert missing[:, :6].tolist() == [[0] * 6] * 2


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-15"]).as_unit("s"),
        pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-15"]).tz_localize("Europe/Berlin"),
        [date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15)],
        pd.PeriodIndex(["2024-01-01", "2024-01-08", "2024-01-15"], freq="D"),
        pd.array([date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15)], dtype="date32[pyarrow]"),
        pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-15"]).astype("timestamp[ms][pyarrow]"),
    ],
    ids=["seconds", "zone", "date", "period", "date32", "timestamp"],
)
def test_kinds_of_dates(values: Any) -> None:
    # the same weekday and hour: those do not vary
    encoder = TableInputs().fit(pd.DataFrame({"when": values}))
    assert encoder.names_ == ["when: seconds", "when: day of year (sin)", "when: day of year (cos)"]
    assert encoder.transform(pd.DataFrame({"when": values})).numbers[:, 0] == pytest.approx([-R6, 0, R6])


def test_an_array_of_dates_and_one_of_spans() -> None:
    days = np.array([["2024-01-01"], ["2024-01-08"], ["2024-01-15"]], dtype="datetime64[D]")
    assert TableInputs().fit(days).names_[0] == "x0: seconds"
    assert TableInputs().fit_transform(days - days[0]).numbers[:, 0] == pytest.approx([-R6, 0, R6])


def test_hours_are_those_of_the_clock_of_the_fit() -> None:
    utc = pd.date_range("2024-03-30 20:00", periods=12, freq="h", tz="UTC")
    local = pd.DataFrame({"when": utc.tz_convert("Europe/Berlin")})
    encoder = TableInputs().fit(local)
    assert "when: hour (sin)" in encoder.names_
    same = encoder.transform(pd.DataFrame({"when": utc})).numbers
    assert np.array_equal(same, encoder.transform(local).numbers)
    with pytest.raises(DataError, match="'when' are without a time zone, in the fit with the time zone Europe/Berlin"):
        encoder.transform(pd.DataFrame({"when": utc.tz_localize(None)}))


def test_text_of_two_values_is_one_number() -> None:
    encoder = TableInputs().fit(pd.DataFrame({"sex": ["m", "f", "f", "m"]}))
    assert encoder.names_ == ["sex=m"]
    assert encoder.cardinalities_ == []
    new = pd.DataFrame({"sex": ["m", "f", None, "x"]})
    assert encoder.transform(new).numbers.ravel().tolist() == [1, -1, 0, 0]


@pytest.mark.parametrize("dtype", ["object", "str", "string", "category", "string[pyarrow]"])
def test_categories_are_codes_and_numbers(dtype: str) -> None:
    encoder = TableInputs().fit(pd.DataFrame({"n": range(6), "c": pd.Series(COLOURS).astype(dtype)}))
    assert encoder.names_ == ["n", "c=blue", "c=red", "c is missing"]  # green comes once
    assert encoder.origin_.tolist() == [0, 1, 1, 1]
    assert encoder.code_names_ == ["c"]
    assert encoder.code_origin_.tolist() == [1]
    assert encoder.cardinalities_ == [4]
    new = pd.DataFrame({"n": 0, "c": pd.Series(["blue", "green", "red", None, "black"]).astype(dtype)})
    encoded = encoder.transform(new)
    assert encoded.codes.tolist() == [[1], [2], [3], [0], [0]]
    sd = math.sqrt(2 / 9)  # two of six
    off, on = -1 / 3 / sd, 2 / 3 / sd
    assert encoded.numbers[:, 1].tolist() == pytest.approx([on, off, off, off, off])
    assert encoded.numbers[:, 2].tolist() == pytest.approx([off, off, on, off, off])
    assert (encoded.numbers[:, 3] > 0).tolist() == [False, False, False, True, False]


def test_rare_levels_do_not_explode() -> None:
    table = pd.DataFrame({"c": ["rare"] * 2 + ["a"] * 499 + ["b"] * 499})
    encoder = TableInputs().fit(table)
    # sd of 2 in 1000 is .045; it is divided by .1
    assert encoder.transform(table).numbers[0].tolist() == pytest.approx([-0.998, -0.998, 9.98], abs=3e-3)


def test_order_of_levels() -> None:
    sizes = pd.Categorical(list("MSLMSL"), categories=["S", "M", "L", "XL"], ordered=True)
    plain = pd.Categorical([10, 9, 8, 10, 9, 8])
    mixed = ["a", 1, 2.5, "a", 1, 2.5]
    encoder = TableInputs().fit(pd.DataFrame({"size": sizes, "plain": plain, "mixed": mixed}))
    assert [name for name in encoder.names_ if name.startswith("size")] == ["size=S", "size=M", "size=L"]
    assert encoder.cardinalities_ == [4, 4, 4]
    # the dtype may get lost
    again = pd.DataFrame({"size": ["XL", "L"], "plain": [8.0, 10], "mixed": [2.5, "a"]})
    assert encoder.transform(again).codes.tolist() == [[0, 1, 2], [3, 3, 3]]


def test_intervals_of_cut() -> None:
    table = pd.DataFrame({"age": pd.cut([1, 5, 9, 1, 5, 9], [0, 3, 6, 10])})
    assert TableInputs().fit_transform(table).codes.ravel().tolist() == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("levels", [[False, True], [(1, 2), (1, 3), (2, 1)], [b"a", b"b", b"c"]])
def test_levels_of_any_hashable_kind(levels: list[Any]) -> None:
    table = pd.DataFrame({"c": pd.Series([*levels, *levels], dtype=object).astype("category")})
    encoded = TableInputs().fit_transform(table)
    codes = encoded.codes[:, 0] if len(levels) > 2 else encoded.numbers[:, 0] / 2 + 1.5
    assert codes.tolist() == [*range(1, len(levels) + 1)] * 2


def test_identifiers_are_dropped() -> None:
    encoder = TableInputs().fit(pd.DataFrame({"id": list("abcdee"), "n": range(6)}))
    assert encoder.names_ == ["n"]
    assert encoder.dropped_["id"] == ("4 of the 6 values occur once, as in an identifier; they say nothing of new rows")


def test_at_most_128_levels_get_a_number() -> None:
    values = [f"v{i:03}" for i in range(200) for _ in range(2 + (i == 199))]
    encoder = TableInputs().fit(pd.DataFrame({"c": values}))
    assert encoder.cardinalities_ == [201]
    assert len(encoder.names_) == 128
    assert encoder.names_[-1] == "c=v199"


def test_polars() -> None:
    pl = pytest.importorskip("polars", reason="polars is not installed: pip install spoton[dev]")
    table = pl.DataFrame(
        {
            "n": [1, 2, 3, None],
            "b": [True, False, None, True],
            "c": ["x", "y", "x", "y"],
            "when": [datetime(2024, 1, 1, 6), datetime(2024, 1, 2), datetime(2024, 1, 3), None],
            "day": [date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 2), None],
            "k": pl.Series(["u", "v", "w", "u"], dtype=pl.Categorical),
        }
    )
    encoder = TableInputs().fit(table)
    assert encoder.feature_names_in_.tolist() == table.columns
    encoded = encoder.transform(table)
    assert encoded.numbers[:, 0].tolist() == pytest.approx([-R6, 0, R6, 0])
    assert encoded.codes.ravel().tolist() == [1, 2, 3, 1]
    assert np.array_equal(encoder.transform(table.to_pandas()).numbers, encoded.numbers)
    with pytest.raises(DataError, match="column 0 is 'b', in the fit it was 'n'"):
        encoder.transform(table[["b", "n", "c", "when", "day", "k"]])
