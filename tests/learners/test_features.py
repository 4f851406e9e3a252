from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoton import get_task
from spoton.errors import DataError, Refused, UsageError
from spoton.learners import PointFeatures

X = np.zeros((2, 5, 6), dtype=np.uint8)
X[0, 1, 2], X[0, 3, 4], X[0, 3, 1] = 255, 51, 102
X[1, 0, 0] = 255


@pytest.mark.parametrize(
    ("features", "columns"),
    [
        (["pix"], 30),
        (["min"], 11),
        (["max"], 11),
        (["pts11"], 8),
        (["pts12"], 32),
        (["pts22"], 32),
        (["pts"], 72),
        (["pts6"], 6),
        (["dummy"], 20),
        (["pix", "pts"], 102),
    ],
)
def test_widths(features: list[str], columns: int) -> None:
    assert PointFeatures(features).fit_transform(X).shape == (2, columns)


def test_values_worked_out_by_hand() -> None:
    assert PointFeatures(["pix"]).fit_transform(X)[0, [8, 22, 19]].tolist() == pytest.approx([1, 0.2, 0.4])
    # corners of the ink box of the first image: columns 1..4, rows 1..3
    assert PointFeatures(["pts11"]).fit_transform(X)[0].tolist() == [1, 1, 4, 1, 1, 3, 4, 3]
    assert PointFeatures(["pts11"], divide=True).fit_transform(X)[0, 2] == pytest.approx(4 / 6)
    # for each of the six columns the row of its largest pixel, then for each of the five rows the column
    assert PointFeatures(["max"]).fit_transform(X)[0].tolist() == [0, 3, 1, 0, 3, 0, 0, 2, 0, 1, 0]
    assert PointFeatures(["min"]).fit_transform(X)[1].tolist() == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_point_2_of_pts12_is_the_answer_of_topleft() -> None:
    data = get_task("pnist/topleft?digits=all").data()
    assert np.array_equal(PointFeatures(["pts12"]).fit_transform(data.X)[:, 4:6], data.y.to_numpy())


@given(st.permutations(range(6)))
def test_rows_do_not_depend_on_each_other(order: list[int]) -> None:
    images = np.random.RandomState(1).randint(0, 2, (6, 7, 8)).astype(np.uint8)
    transformer = PointFeatures(["pix", "min", "max", "pts", "dummy"]).fit(images)
    assert np.array_equal(transformer.transform(images[order]), transformer.transform(images)[order])


def test_dummy_says_nothing() -> None:
    values = PointFeatures(["dummy"]).fit_transform(get_task("pnist/topleft").data().X)
    assert np.ptp(values[:, :10]) == 0
    assert 0.45 < values[:, 10:].mean() < 0.55
    y = get_task("pnist/topleft").data().y.to_numpy()
    assert np.abs(np.corrcoef(values[:, 10:].T, y.T)[:10, 10:]).max() < 0.15


def test_tables_pass_through_and_points_refuse_them() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": [True, False]})
    assert PointFeatures().fit_transform(table).tolist() == [[1, 1], [2, 0]]
    with pytest.raises(Refused, match="made from images, and this task is a table"):
        PointFeatures(["pts"]).fit(table)
    with pytest.raises(DataError, match="a table of numbers is expected"):
        PointFeatures().fit(pd.DataFrame({"a": ["x", "y"]}))


def test_other_widths_and_unknown_features_are_refused() -> None:
    with pytest.raises(DataError, match="inputs give 20 columns where the fit had 30"):
        PointFeatures().fit(X).transform(X[:, :, :4])
    with pytest.raises(UsageError, match="no feature is called 'pits'; did you mean"):
        PointFeatures(["pits"]).fit(X)


def test_pts6_is_the_first_ink_pixel_three_times() -> None:
    data = get_task("pnist/topleft").data()
    x, y = data.y.to_numpy().T
    assert np.array_equal(PointFeatures(["pts6"]).fit_transform(data.X), np.stack([x, x, x, y, y, y], axis=1))
