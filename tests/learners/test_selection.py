"""Which columns a learner uses, seen through everything that may stand around it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import RFE, SelectKBest, VarianceThreshold, f_regression
from sklearn.linear_model import Lasso, LinearRegression, OrthogonalMatchingPursuit
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler
from sklearn.svm import SVR

from spoton import Run, Task, evaluate, get_learner, leaderboard
from spoton.data import PointData
from spoton.learners import selection_of
from spoton.scaling import TargetScaler
from spoton.tables import rows
from spoton.tasks._task import Loaded

RNG = np.random.RandomState(0)
NAMES = [f"c{i}" for i in range(6)]
X = pd.DataFrame(RNG.normal(size=(80, 6)) * [1, 10, 0.1, 1, 1, 1] + 5, columns=NAMES)
WEIGHTS = np.array([[0, 3, -300, 0, 0, 0], [30, 0, -300, 0, 0, 0]]).T
Y = X.to_numpy() @ WEIGHTS + [7, -20]
USED = [[False, True, True, False, False, False], [True, False, True, False, False, False]]

LINEAR = [
    LinearRegression(),
    make_pipeline(StandardScaler(), LinearRegression()),
    make_pipeline(MinMaxScaler((-2, 3)), "passthrough", VarianceThreshold(), LinearRegression()),
    TransformedTargetRegressor(make_pipeline(StandardScaler(), LinearRegression()), transformer=StandardScaler()),
    TransformedTargetRegressor(LinearRegression(), transformer=TargetScaler("min-max")),
    TransformedTargetRegressor(LinearRegression()),
    MultiOutputRegressor(make_pipeline(StandardScaler(), LinearRegression())),
    GridSearchCV(make_pipeline(StandardScaler(), LinearRegression()), {"linearregression__fit_intercept": [True]}),
    *(get_learner(f"linear{words}") for words in ("", "+xnorm", "+xnorm+ynorm=robust", "+ynorm+yrange=samples:5")),
]


@pytest.mark.parametrize("learner", LINEAR, ids=lambda learner: " ".join(repr(learner).split())[:60])
@pytest.mark.parametrize("outputs", [1, 2])
def test_coefficients_come_back_in_original_units(learner: BaseEstimator, outputs: int) -> None:
    if outputs == 1 and isinstance(learner, MultiOutputRegressor):
        return
    y = Y if outputs == 2 else Y[:, 0]
    found = selection_of(learner.fit(X, y), NAMES)
    assert found is not None
    assert found.coef is not None
    assert np.allclose(found.coef, WEIGHTS[:, :outputs], atol=1e-9)


def test_exact_zeros_are_what_a_learner_does_not_use() -> None:
    sparse = make_pipeline(StandardScaler(), Lasso(0.5))
    assert selection_of(sparse.fit(X, Y[:, 0]), NAMES).chosen.tolist() == USED[0]  # type: ignore[union-attr]
    # whatever becomes of the coefficients
    for around in ("quantile", "yeo-johnson"):
        model = make_pipeline(StandardScaler(), Lasso(0.1))
        curved = TransformedTargetRegressor(model, transformer=TargetScaler(around))
        found = selection_of(curved.fit(X, Y[:, 0] + 1500), NAMES)
        assert found is not None
        assert found.coef is None
        assert found.chosen[1:3].all()
    bent = selection_of(make_pipeline(QuantileTransformer(n_quantiles=40), Lasso(0.5)).fit(X, Y[:, 0]), NAMES)
    assert bent is not None
    assert bent.coef is None


def test_outputs_and_labels_are_united() -> None:
    each = get_learner("lasso-cv+xnorm").fit(X, Y)
    found = selection_of(each, NAMES)
    assert found is not None
    assert found.chosen[:3].all()
    assert np.allclose(found.coef, WEIGHTS, rtol=0.1)  # type: ignore[arg-type]
    labels = np.arange(80) % 2
    told = get_learner("linear+bylabel").fit(X, Y, labels=labels)
    assert selection_of(told, NAMES).chosen.all()  # type: ignore[union-attr]
    assert selection_of(told, NAMES).coef is None  # type: ignore[union-attr]


def test_selectors_are_carried_back_to_the_columns_they_were_given() -> None:
    y = Y[:, 0]
    for learner in (
        make_pipeline(StandardScaler(), SelectKBest(f_regression, k=2), KNeighborsRegressor()),
        make_pipeline(SelectKBest(f_regression, k=2), StandardScaler(), LinearRegression()),
        RFE(LinearRegression(), n_features_to_select=2),
        make_pipeline(StandardScaler(), RFE(LinearRegression(), n_features_to_select=2), RandomForestRegressor(2)),
        make_pipeline(StandardScaler(), OrthogonalMatchingPursuit(n_nonzero_coefs=2)),
    ):
        found = selection_of(learner.fit(X, y), NAMES)
        assert found is not None
        assert found.chosen.tolist() == USED[0]
    exact = selection_of(make_pipeline(SelectKBest(f_regression, k=2), LinearRegression()).fit(X, y), NAMES)
    assert np.allclose(exact.coef, WEIGHTS[:, :1], atol=1e-9)  # type: ignore[union-attr,arg-type]


@pytest.mark.parametrize(
    "learner",
    [
        RandomForestRegressor(2),
        KNeighborsRegressor(),
        SVR(),  # its support_ are rows
        make_pipeline(PCA(3), LinearRegression()),
        get_learner("forest?n_estimators=2"),
    ],
    ids=lambda learner: type(learner).__name__,
)
def test_others_tell_nothing(learner: BaseEstimator) -> None:
    assert selection_of(learner.fit(X, Y[:, 0]), NAMES) is None


class Teller(RegressorMixin, BaseEstimator):
    """Says what it is told to say."""

    def __init__(self, support: object = None, coef: object = None) -> None:
        self.support = support
        self.coef = coef

    def fit(self, X: object, y: object) -> Teller:
        self.support_ = self.support
        if self.coef is not None:
            self.coef_ = self.coef
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.zeros(len(X))


@pytest.mark.parametrize("support", [USED[0], np.array(USED[0]), [2, 1], ["c1", "c2"], pd.Index(["c2", "c1"])])
def test_support_as_a_mask_as_positions_or_as_names(support: object) -> None:
    found = selection_of(Teller(support).fit(X, Y), NAMES)
    assert found is not None
    assert found.chosen.tolist() == USED[0]


def test_coefficients_of_the_support_alone_in_its_order() -> None:
    for support, coef in (([2, 1], [-300, 3]), (["c1", "c2"], [3, -300]), (USED[0], [[3, -300]])):
        found = selection_of(Teller(support, coef).fit(X, Y), NAMES)
        assert found is not None
        assert found.coef.tolist() == WEIGHTS[:, :1].tolist()  # type: ignore[union-attr]
    assert selection_of(Teller([], []).fit(X, Y), NAMES).chosen.sum() == 0  # type: ignore[union-attr]
    assert selection_of(Teller([2, 1], ["a", "b"]).fit(X, Y), NAMES).coef is None  # type: ignore[union-attr]
    assert selection_of(Teller([2, 1], [1.0, 2, 3]).fit(X, Y), NAMES).coef is None  # type: ignore[union-attr]


@pytest.mark.parametrize("support", [[True], [6], [-1], ["c9"], [[0, 1]]])
def test_a_support_of_something_else_is_said_to_be_unscored(support: object) -> None:
    data = PointData(X, pd.DataFrame({"y": Y[:, 0]}))
    task = Task("own", "", lambda: Loaded(data), kind="number", support=("c1", "c2"))
    run = evaluate(Teller(support), task)
    assert run.status == "ok"
    assert "support_recall" not in run.metrics["valid"]
    assert run.notes == [
        "UserWarning: support_ of Teller is not scored: it is no mask, no positions and no names of the 6 columns"
    ]


def test_it_stands_on_every_side_in_json_in_the_journal_and_on_the_leaderboard() -> None:
    runs = [evaluate(name, "columns/perfect?superfluous=20") for name in ("oracle", "lasso-cv+xnorm", "knn")]
    best, lasso, knn = runs
    expected = {"support_precision": 1, "support_recall": 1, "coef_error": 0}
    for side in ("train", "valid"):
        assert {key: best.metrics[side][key] for key in expected} == pytest.approx(expected, abs=1e-12)
        assert lasso.metrics[side]["support_recall"] > 0
        assert "support_recall" not in knn.metrics[side]
    assert Run.from_json(lasso.to_json()) == lasso
    assert rows(runs)["support_recall"].notna().sum() == 4
    board = leaderboard(runs).set_index("learner")
    assert board.loc["oracle", "support_recall"] == 1
    assert np.isnan(board.loc["knn", "support_recall"])


def test_tasks_without_a_support_are_left_alone() -> None:
    assert "support_recall" not in evaluate("linear@pts", "pnist/topleft").metrics["valid"]
