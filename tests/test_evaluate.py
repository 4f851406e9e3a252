from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from spoton import Run, Task, evaluate, get_task
from spoton.errors import Refused, UsageError


def table_task(n: int = 40) -> Task:
    rng = np.random.RandomState(0)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    return Task.from_arrays("mine", X, X["a"] * 2 + rng.normal(size=n))


def test_figures_are_those_of_a_calculation_by_hand() -> None:
    """Split, fit and score without spoton's help, for a learner of each kind that is exact about seeds."""
    task = get_task("pnist/topleft")
    data, split = task.data(), task.split(1)
    X, y = data.X.reshape(709, -1).astype(np.float64), data.y.to_numpy()  # type: ignore[union-attr]
    forests = [
        RandomForestRegressor(n_estimators=7, random_state=1).fit(X[split.train], y[split.train, j]) for j in (0, 1)
    ]
    run = evaluate("forest?n_estimators=7", "pnist/topleft", seed=1)
    for side, rows in (("train", split.train), ("valid", split.valid)):
        predicted = np.stack([forest.predict(X[rows]) for forest in forests], axis=1)
        assert run.metrics[side]["r2"] == pytest.approx(r2_score(y[rows], predicted), rel=1e-12)
        distances = [math.dist(a, b) for a, b in zip(y[rows], predicted, strict=True)]
        assert run.metrics[side]["dist_avg"] == pytest.approx(sum(distances) / len(distances), rel=1e-12)


@pytest.mark.parametrize(
    "name", ["linear", "forest?n_estimators=5", "basenet?epochs=2", "fastai-tabular?epochs=1", "knn+ynorm"]
)
def test_identities_hold_for_every_kind_of_learner(name: str) -> None:
    run = evaluate(name, "pnist/both", train_size=60)
    for values in run.metrics.values():
        assert values["sqdist_avg"] == pytest.approx(2 * values["mse"])
        assert values["sqdist_avg"] >= values["dist_avg"] ** 2
        assert values["r2"] == pytest.approx(
            np.mean([values[f"r2:{c}"] for c in ("topleft_x", "topleft_y", "center_x", "center_y")])
        )


def test_same_seed_same_figures_and_other_seed_other_figures() -> None:
    runs = [evaluate("basenet?epochs=2", "pnist/topleft", seed, train_size=100) for seed in (0, 0, 1)]
    assert runs[0].metrics == runs[1].metrics
    assert runs[0].metrics != runs[2].metrics


def test_scaling_does_not_leak() -> None:
    """Whatever the validation answers are, a +ynorm +yrange learner has to predict the same."""
    base = table_task()
    split = base.split(0)
    changed = base.data().y.copy()
    changed.iloc[split.valid] *= 1000
    other = Task.from_arrays("mine", base.data().X, changed)
    for name in ("basenet+xnorm+ynorm+yrange=samples?epochs=3", "linear+ynorm=quantile+yrange=samples:0.2"):
        kept = [evaluate(name, task, keep_predictions=True).predictions for task in (base, other)]
        assert np.array_equal(kept[0]["valid"], kept[1]["valid"])  # type: ignore[index]


def test_metrics_are_in_original_units() -> None:
    task = get_task("pnist/topleft")
    plain, scaled = evaluate("linear@pts", task), evaluate("linear@pts+ynorm", task)
    assert plain.metrics["valid"]["hit"] == scaled.metrics["valid"]["hit"] == 1
    assert evaluate("mean+ynorm", task).metrics["valid"]["mse"] == pytest.approx(
        evaluate("mean", task).metrics["valid"]["mse"]
    )


def test_train_size_leaves_validation_alone() -> None:
    small, large = evaluate("mean", "pnist/topleft", train_size=10), evaluate("mean", "pnist/topleft")
    assert (small.train_size, large.train_size) == (10, 567)
    assert small.rows_of == {"train": 10, "valid": 142}
    with pytest.raises(UsageError, match="a train size of 568 is not possible: the training side has 567 rows"):
        evaluate("mean", "pnist/topleft", train_size=568)


def test_all_digit_tasks_are_tested_too() -> None:
    run = evaluate("oracle", "pnist/center?digits=all")
    assert run.rows_of == {"train": 4800, "valid": 1200, "test": 2000}
    assert run.metrics["test"]["hit"] == 1


def test_labels_are_said_to_be_used() -> None:
    told, untold = evaluate("linear@pts+bylabel", "qnist/if37"), evaluate("linear@pts", "qnist/if37")
    assert told.uses_labels
    assert not untold.uses_labels
    assert told.metrics["valid"]["hit"] > untold.metrics["valid"]["hit"] + 0.5


def test_classes_meet_regressors_and_classifiers() -> None:
    by_regressor = evaluate("ridge", "pnist/digit").metrics["valid"]
    assert set(by_regressor) == {"accuracy"}
    assert by_regressor["accuracy"] > 0.9
    assert evaluate(RandomForestClassifier(20), "pnist/digit", train_size=200).status == "failed"  # images, not a table
    from sklearn.pipeline import make_pipeline

    from spoton.learners import PointFeatures

    forest = make_pipeline(PointFeatures(), RandomForestClassifier(20))
    assert evaluate(forest, "pnist/digit", train_size=200).metrics["valid"]["accuracy"] > 0.9
    assert evaluate("ridge+bylabel", "pnist/digit").status == "skipped"


class Odd(RegressorMixin, BaseEstimator):
    """Misbehaves on demand."""

    def __init__(self, how: str = "") -> None:
        self.how = how

    def fit(self, X: object, y: object) -> Odd:
        if self.how == "refuse":
            raise Refused("this learner only takes Tuesdays")
        if self.how == "crash":
            raise ZeroDivisionError("in the third\n   layer")
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        if self.how == "nan":
            return np.full(len(X), np.nan)
        return np.zeros((len(X), 3 if self.how == "wide" else 1))


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ("refuse", "skipped", "this learner only takes Tuesdays"),
        ("crash", "failed", "ZeroDivisionError: in the third layer"),
        ("nan", "failed", "Diverged: 32 of 32 predictions on train are NaN or infinite"),
        ("wide", "failed", "ValueError: the learner predicts 3 outputs, the task has 1"),
    ],
)
def test_a_failure_is_a_row_with_its_reason(how: str, status: str, reason: str) -> None:
    run = evaluate(Odd(how), table_task())
    assert (run.status, run.reason) == (status, reason)
    assert run.metrics == {}
    assert {row["split"]: row["r2"] for row in run.rows()} == {"train": None, "valid": None}


@pytest.mark.parametrize(
    ("learner", "task", "reason"),
    [
        ("resnet18", "columns/perfect", "takes images"),
        ("linear@pts", "columns/perfect", "made from images"),
        ("fastai-vision", "friedman1", "takes images"),
        ("linear+bylabel", "friedman1", "needs labels"),
    ],
)
def test_learners_refuse_with_a_reason(learner: str, task: str, reason: str) -> None:
    run = evaluate(learner, task)
    assert run.status == "skipped"
    assert reason in run.reason


def test_no_oracle_for_own_data() -> None:
    run = evaluate("oracle", table_task())
    assert (run.status, run.reason) == ("skipped", "no exact rule is known for this task")


def test_an_estimator_is_cloned_and_seeded() -> None:
    forest = RandomForestRegressor(5)
    runs = [evaluate(forest, table_task(), seed=3) for _ in range(2)]
    assert runs[0].metrics == runs[1].metrics
    assert runs[0].learner == "RandomForestRegressor"
    assert forest.random_state is None
    assert not hasattr(forest, "estimators_")
    assert evaluate(LinearRegression(), table_task(), name="mine").learner == "mine"


def test_warnings_become_notes() -> None:
    notes = evaluate("lasso?max_iter=1", "pnist/topleft", train_size=100).notes
    assert any("ConvergenceWarning" in note for note in notes)


def test_rows_are_strict_json_and_the_journal_line_reads_back() -> None:
    run = evaluate("net3?epochs=1", "pnist/both", train_size=50)
    rows = json.loads(json.dumps(run.rows(), allow_nan=False))
    assert [row["split"] for row in rows] == ["train", "valid"]
    assert rows[1]["r2"] == run.metrics["valid"]["r2"]
    assert rows[1]["train_size"] == 50
    assert rows[1]["accuracy"] is None
    assert rows[1]["epochs"] == 1
    assert rows[1]["parameters"] == 784 * 28 + 28 + 28 * 4
    assert Run.from_json(run.to_json()) == run


def test_the_number_of_threads_is_restored() -> None:
    import torch

    before = torch.get_num_threads()
    evaluate("basenet?epochs=1", "pnist/topleft", train_size=20)
    assert torch.get_num_threads() == before


def test_a_net_meets_classes_and_numbers_within_their_own_limits() -> None:
    """The image's edges are limits of points; as limits of shares and sums they would leave a net nothing to learn."""
    assert evaluate("net3", "pnist/digit").metrics["valid"]["accuracy"] > 0.9
    X = np.random.RandomState(0).rand(200, 8, 8).astype(np.float32)
    bright = Task.from_arrays("bright", X, X.mean(axis=(1, 2)))
    assert evaluate("net3?epochs=60", bright).metrics["valid"]["r2"] > -1
    assert evaluate("net3", "pnist/pxsum").metrics["valid"]["r2"] > 0


def test_a_classifier_refuses_numbers() -> None:
    run = evaluate(RandomForestClassifier(), "columns/plain")
    assert run.status == "skipped"
    assert "classifier" in run.reason


class Careless(RegressorMixin, BaseEstimator):
    """Draws from every global random number there is, warns of nothing, and works in place."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Careless:
        import random
        import warnings

        import torch

        self.value_ = random.random() + np.random.rand() + float(torch.rand(()))
        warnings.warn("", stacklevel=1)
        y *= 0
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        X.iloc[:] = 0
        return np.full(len(X), self.value_)


def test_a_careless_learner_harms_neither_its_own_repetition_nor_others() -> None:
    import random

    import torch

    task = table_task()
    before = task.data().hash()
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.random.get_rng_state()  # type: ignore[index]
    runs = [evaluate(Careless(), task, seed) for seed in (5, 5, 6)]
    assert [run.status for run in runs] == ["ok"] * 3
    assert runs[0].metrics == runs[1].metrics != runs[2].metrics
    assert task.data().hash() == before
    assert states[0] == random.getstate()
    assert states[1] == np.random.get_state()[1].tolist()  # type: ignore[index]
    assert torch.equal(states[2], torch.random.get_rng_state())


def test_the_data_of_a_task_cannot_be_changed_for_others() -> None:
    data = get_task("pnist/topleft").data()
    with pytest.raises(ValueError, match="read-only"):
        data.X[0] = 1  # type: ignore[index]
    data.y.iloc[:, 0] += 1
    assert (get_task("pnist/topleft").data().y.iloc[:, 0] == data.y.iloc[:, 0] - 1).all()


def test_what_is_wrong_in_the_fit_is_a_row() -> None:
    run = evaluate("fastai-tabular?batch_size=1", "friedman1")
    assert run.status == "failed"
    assert "batch_size" in run.reason


def test_other_columns_or_another_order_are_refused() -> None:
    from spoton import get_learner
    from spoton.errors import DataError

    data = table_task().data()
    for name in ("linear", "basenet?epochs=1", "fastai-tabular?epochs=1"):
        fitted = get_learner(name).fit(data.X, data.y.iloc[:, 0])
        with pytest.raises(DataError, match="column 0 is 'c', in the fit it was 'a'"):
            fitted.predict(data.X[["c", "b", "a"]])  # type: ignore[index,call-overload]


def test_imports_do_not_count_as_fit_time() -> None:
    import subprocess
    import sys

    code = "from spoton import evaluate; print(evaluate('net3?epochs=1', 'pnist/topleft').fit_seconds)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(out.stdout) < 1.0  # 3.6 s before, 0.01 s now
