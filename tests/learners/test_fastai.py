"""`FastaiRegressor`: fastai's Learners, seeded, silent, and without a trace outside."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score

from spoton.data import Array
from spoton.errors import DataError, Diverged, Refused, UsageError
from spoton.learners._fastai import FastaiRegressor


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small nets are faster on one thread; of the module, as another number of threads gives other bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def table(n: int = 256, seed: int = 0) -> tuple[Array, Array]:
    X = np.random.RandomState(seed).randn(n, 2)
    return X, 2 * X[:, 0] + X[:, 1]


def images(n: int = 5, channels: int = 1, height: int = 12, width: int = 20) -> tuple[Array, Array]:
    rng = np.random.RandomState(0)
    return rng.rand(n, channels, height, width).astype(np.float32), rng.rand(n, 2) * [width, height]


def tabular(**options: Any) -> FastaiRegressor:
    return FastaiRegressor(**{"epochs": 2, "layers": (20, 10), "random_state": 0, **options})


def vision(**options: Any) -> FastaiRegressor:
    return FastaiRegressor("vision", **{"epochs": 1, "random_state": 0, **options})


@pytest.fixture(scope="module")
def fitted_vision() -> FastaiRegressor:
    return vision().fit(*images())


def test_tabular_learns_a_linear_rule() -> None:
    X, y = table()
    model = tabular(epochs=20, lr=1e-2, batch_size=32).fit(X, y)
    X_new, y_new = table(seed=1)
    assert r2_score(y_new, model.predict(X_new)) > 0.9
    assert model.n_features_in_ == 2
    assert model.n_outputs_ == 1
    assert model.n_epochs_ == 20
    assert [row["epoch"] for row in model.history_] == list(range(1, 21))
    assert model.history_[-1]["train_loss"] < 0.1 * model.history_[0]["train_loss"]
    # bn of the 2 inputs; 2-20 and 20-10, each without bias but with bn; 10-1 with bias
    assert model.n_parameters_ == 4 + (40 + 40) + (200 + 20) + 11


def test_one_cycle_learns_too() -> None:
    X, y = table()
    model = tabular(epochs=20, lr=1e-2, batch_size=32, schedule="one-cycle").fit(X, y)
    assert r2_score(y, model.predict(X)) > 0.9


def test_the_same_seed_gives_the_same_bits() -> None:
    X, y = table(70)
    one, two, other = (tabular(random_state=seed).fit(X, y).predict(X) for seed in (3, 3, 4))
    assert (one == two).all()
    assert (one != other).any()
    first, second = (tabular(random_state=None).fit(X, y).predict(X) for _ in range(2))
    assert (first != second).any()


def test_the_same_seed_gives_the_same_bits_in_vision(fitted_vision: FastaiRegressor) -> None:
    X, y = images()
    assert (vision().fit(X, y).predict(X) == fitted_vision.predict(X)).all()


@pytest.mark.parametrize("make", [tabular, vision])
def test_nothing_global_changes(make: Any, tmp_path: Path, monkeypatch: Any, capfd: Any) -> None:
    monkeypatch.chdir(tmp_path)

    def state() -> tuple[Any, ...]:
        return (
            random.getstate(),
            str(np.random.get_state()),
            torch.get_rng_state().tolist(),
            torch.get_num_threads(),
            torch.backends.cudnn.deterministic,
            torch.backends.cudnn.benchmark,
            pd.get_option("display.max_colwidth"),
        )

    before = state()
    X, y = images()
    make().fit(X, y).predict(X)
    assert state() == before
    assert os.listdir(tmp_path) == []
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_the_first_fit_of_a_process_equals_later_ones_and_leaves_no_trace() -> None:
    """fastai's import draws random numbers, sets options of pandas and warns."""
    code = """
import random
import numpy as np, pandas as pd, torch
from spoton.learners._fastai import FastaiRegressor
torch.set_num_threads(1)
state = random.getstate(), pd.get_option("display.max_colwidth")
X = np.linspace(-1, 1, 40).reshape(20, 2)
one, two = (FastaiRegressor(epochs=2, random_state=0).fit(X, X).predict(X) for _ in range(2))
assert (one == two).all()
assert state == (random.getstate(), pd.get_option("display.max_colwidth"))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("n", "batch_size"), [(2, 64), (3, 64), (9, 8), (17, 8)])
def test_few_rows_and_a_rest_of_one(n: int, batch_size: int) -> None:
    X, y = table(n)
    assert tabular(batch_size=batch_size).fit(X, y).predict(X).shape == (n,)


@pytest.mark.parametrize(("n", "rows"), [(3, 3), (5, 4), (6, 6)])
def test_vision_drops_only_a_single_last_row(n: int, rows: int) -> None:
    X, y = images(n)
    model = vision(batch_size=4).fit(X, y)
    assert model.predict(X).shape == (n, 2)
    assert sum(len(x) for x, _ in model.learn_.dls.train) == rows


def test_each_row_is_trained_on_once_an_epoch() -> None:
    X = np.arange(24.0).reshape(12, 2)
    learn = tabular(batch_size=4).fit(X, X[:, 0]).learn_
    assert sorted(v for _, _, y in learn.dls.train for v in y.ravel().tolist()) == X[:, 0].tolist()
    assert len(learn.dls.valid_ds) == 0


def test_answers_have_the_shape_of_the_targets() -> None:
    X, y = table(20)
    for target, shape in ((y, (20,)), (y[:, None], (20, 1)), (np.c_[y, -y, y], (20, 3))):
        predicted = tabular().fit(X, target).predict(X)
        assert predicted.shape == shape
        assert predicted.dtype == np.float64
    assert tabular().fit(X, pd.DataFrame({"x0": y, "b": y})).predict(X).shape == (20, 2)
    assert tabular().fit(X, pd.Series(y)).predict(X).shape == (20,)


def test_the_order_and_number_of_rows_do_not_matter(fitted_vision: FastaiRegressor) -> None:
    X, y = table(300)
    model = tabular().fit(X, y)
    np.testing.assert_allclose(model.predict(X)[::-1], model.predict(X[::-1]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(X)[:1], model.predict(X[:1]), rtol=1e-5, atol=1e-6)
    X, _ = images()
    np.testing.assert_allclose(fitted_vision.predict(X)[2:3], fitted_vision.predict(X[2:3]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("columns", [["zeta", "y0"], [7, 3], [1, "b"], ["a", "a"]])
def test_any_names_of_columns(columns: list[Any]) -> None:
    X, y = table(40)
    model = tabular().fit(pd.DataFrame(X, columns=columns), pd.DataFrame({"zeta": y, "y0": -y}))
    expected = tabular().fit(X, np.c_[y, -y]).predict(X)
    assert (model.predict(pd.DataFrame(X, columns=columns)) == expected).all()
    assert list(model.feature_names_in_) == columns
    assert (model.predict(X) == expected).all()


def test_other_columns_are_an_error() -> None:
    X, y = table(20)
    model = tabular().fit(pd.DataFrame(X, columns=["a", "b"]), y)
    with pytest.raises(DataError, match=r"in this order"):
        model.predict(pd.DataFrame(X, columns=["b", "a"]))
    with pytest.raises(DataError, match=r"shape \(3,\), it has to be \(2,\)"):
        model.predict(np.c_[X, X[:, 0]])


def test_other_images_are_an_error(fitted_vision: FastaiRegressor) -> None:
    with pytest.raises(DataError, match=r"shape \(1, 20, 12\), it has to be \(1, 12, 20\)"):
        fitted_vision.predict(images(height=20, width=12)[0])


def test_y_range_is_kept_exactly() -> None:
    X, y = table(64)
    target = np.c_[100 * y, y]
    lo, hi = np.array([0.1, -0.3]), np.array([0.7, 0.2])
    model = tabular(epochs=20, lr=0.1, y_range=(lo, hi)).fit(X, target)
    predicted = model.predict(100 * X)
    assert (predicted >= lo).all()
    assert (predicted <= hi).all()
    # far out, the sigmoid is at its ends
    assert predicted.min(axis=0).tolist() == pytest.approx(lo.tolist(), abs=1e-6)
    assert predicted.max(axis=0).tolist() == pytest.approx(hi.tolist(), abs=1e-6)
    names = [name.rsplit(".", 1)[-1] for name, _ in model.learn_.model.named_buffers()]
    assert {"low", "high"} <= set(names)
    for how, limits in ((None, None), ("none", None), ((0, 1), ([0, 0], [1, 1]))):
        got = tabular(y_range=how).fit(X, target).y_limits_
        assert got == limits if limits is None else np.array_equal(got, limits)
    samples = tabular(y_range="samples").fit(X, target)
    assert np.array_equal(samples.y_limits_, (target.min(axis=0), target.max(axis=0)))


def test_extremes_are_the_edges_of_the_image() -> None:
    X, y = images(4)
    model = vision(y_range="extremes").fit(X, y)
    assert np.array_equal(model.y_limits_, ([-0.5, -0.5], [19.5, 19.5]))
    assert ((model.predict(X) >= -0.5) & (model.predict(X) <= 19.5)).all()


def test_normalize_is_fastais_and_explodes_as_it_does() -> None:
    X, y = table(64)
    X = np.c_[X, np.ones(64)]
    model = tabular(normalize=True).fit(X, y)
    calm = model.predict(X)
    X[:, 2] += 1e-3
    # the constant column was divided by 1e-7
    assert np.abs(model.predict(X)).max() > 100 * np.abs(calm).max()


def test_tabular_takes_images_as_pixels() -> None:
    X, y = images(6, channels=2, height=3, width=4)
    model = tabular().fit(X, y)
    assert model.n_features_in_ == 24
    assert list(model.learn_.dls.cont_names)[:2] == ["px0", "px1"]
    assert model.predict(X).shape == (6, 2)


@pytest.mark.parametrize(("channels", "arch"), [(3, "squeezenet1_1"), (2, "mobilenet_v3_small")])
def test_vision_takes_other_models_and_channels(channels: int, arch: str) -> None:
    X, y = images(4, channels, 32, 40)
    assert vision(arch=arch).fit(X, y).predict(X).shape == (4, 2)


def test_it_refuses_tables_as_images() -> None:
    with pytest.raises(Refused, match=r"takes images; this task is a table of 2 columns"):
        vision().fit(*table(8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "text"}, "no kind is called 'text'"),
        ({"schedule": "flat-cos"}, "no schedule is called 'flat-cos'"),
        ({"kind": "vision", "arch": "resnet81"}, "did you mean resnet18"),
        ({"kind": "vision", "normalize": True}, "normalize is for kind='tabular'"),
        ({"batch_size": 1}, "batch_size 2 or more"),
        ({"lr": 0}, "lr above 0"),
        ({"y_range": "wide"}, "no y_range is called 'wide'"),
    ],
)
def test_wrong_parameters(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        FastaiRegressor(**options).fit(*images(4))


def test_wrong_data() -> None:
    X, y = table(8)
    with pytest.raises(DataError, match="2 rows or more"):
        tabular().fit(X[:1], y[:1])
    with pytest.raises(DataError, match="X has 8 rows"):
        tabular().fit(X, y[:7])
    with pytest.raises(DataError, match="y has to be finite"):
        tabular().fit(X, np.where(y > 0, np.nan, y))
    with pytest.raises(NotFittedError):
        tabular().predict(X)


def test_a_loss_that_is_not_finite_is_told_and_leaves_nothing() -> None:
    X, y = table(8)
    model = tabular().fit(X, y)
    with pytest.raises(Diverged, match=r"NaN or infinite in epoch 1 of 2"):
        model.fit(X, y * 1e25)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
def test_clone_and_pickle(pickler: Any, fitted_vision: FastaiRegressor) -> None:
    X, y = table(20)
    model = tabular(normalize=True, y_range="auto").fit(X, y)
    assert clone(model).get_params() == model.get_params()
    again = pickler.loads(pickler.dumps(model))
    assert (again.predict(X) == model.predict(X)).all()
    X, _ = images()
    assert (pickler.loads(pickler.dumps(fitted_vision)).predict(X) == fitted_vision.predict(X)).all()
