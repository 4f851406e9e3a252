from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetRegressor
from torch import nn

from spoton.errors import UsageError
from spoton.history import FastaiHistory, History, SkorchHistory, fit_epochs, from_sklearn, on_epoch
from spoton.testing import tiny_table


def table() -> tuple[Any, Any]:
    X, y = tiny_table(64)
    return np.asarray(X, dtype=np.float32), np.asarray(y, dtype=np.float32).reshape(64, -1)[:, :1]


def net(**options: Any) -> NeuralNetRegressor:
    torch.manual_seed(0)
    X, _ = table()
    module = nn.Sequential(nn.Linear(X.shape[1], 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
    return NeuralNetRegressor(module, max_epochs=2, train_split=None, verbose=0, lr=0.01, batch_size=24, **options)


def test_skorch_several_fits_and_the_loss_without_dropout() -> None:
    X, y = table()
    history = History()
    model = net(callbacks=[("history", SkorchHistory(history, eval_every=2))]).fit(X, y)
    model.partial_fit(X, y)
    assert [(row["epoch"], row["fit"]) for row in history] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    assert ["train_loss_eval" in row for row in history] == [False, True, False, True]
    assert history.column("lr").tolist() == [0.01] * 4
    assert (history.column("seconds") > 0).all()
    assert history.column("train_loss").tolist() == [row["train_loss"] for row in model.history]
    now = float(((model.predict(X) - y) ** 2).mean())
    assert history[-1]["train_loss_eval"] == pytest.approx(now, rel=1e-5)
    assert pickle.loads(pickle.dumps(model)).predict(X) == pytest.approx(model.predict(X))
    with pytest.raises(UsageError, match="eval_every"):
        SkorchHistory(eval_every=-1)


def test_skorch_trains_the_same_while_it_is_measured() -> None:
    X, y = table()
    found = []
    for every in (0, 1):
        model = net(callbacks=[SkorchHistory(eval_every=every)], iterator_train__shuffle=True)
        torch.manual_seed(1)
        found.append(model.fit(X, y).predict(X))
    np.testing.assert_array_equal(*found)


def test_what_skorch_scores_is_in_the_history() -> None:
    from skorch.callbacks import EpochScoring

    X, y = table()
    scoring = EpochScoring("neg_mean_absolute_error", on_train=True, name="mae", lower_is_better=False)
    model = net(callbacks=[scoring, SkorchHistory()]).fit(X, y)
    (history,) = [part.history for _, part in model.callbacks_ if isinstance(part, SkorchHistory)]
    assert set(history.names) == {"train_loss", "lr", "seconds", "mae"}
    assert history.column("mae") == pytest.approx([row["mae"] for row in model.history])


@pytest.fixture(scope="module")
def learner() -> Any:
    from spoton.learners._fastai import _contained

    X, y = table()
    with _contained(0, "tabular"):
        from fastai.data.core import DataLoaders
        from fastai.learner import Learner
        from fastai.losses import MSELossFlat
        from fastai.metrics import mae

        rows = [
            torch.utils.data.TensorDataset(torch.tensor(X[s]), torch.tensor(y[s])) for s in (slice(48), slice(48, 64))
        ]
        dls = DataLoaders.from_dsets(*rows, bs=20, drop_last=(False, False), num_workers=0, device="cpu")
        module = nn.Sequential(nn.Linear(X.shape[1], 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
        learn = Learner(dls, module, loss_func=MSELossFlat(), metrics=mae, cbs=[FastaiHistory(eval_every=1)])
        with learn.no_bar(), learn.no_logging():
            learn.fit(2, 0.01)
            learn.validate()
            learn.get_preds()
            learn.fit(1, 0.02)
        yield learn, X, y


def test_fastai_several_fits_and_no_rows_of_validations(learner: Any) -> None:
    learn, X, y = learner
    history = learn.spoton_history.history
    assert [(row["epoch"], row["fit"]) for row in history] == [(1, 1), (2, 1), (3, 2)]
    assert set(history.names) == {"train_loss", "valid_loss", "mae", "train_loss_eval", "lr", "seconds"}
    assert history.column("lr") == pytest.approx([0.01, 0.01, 0.02])
    learn.model.eval()
    with torch.no_grad():
        error = learn.model(torch.tensor(X)).numpy() - y
    assert history[-1]["train_loss_eval"] == pytest.approx((error[:48] ** 2).mean(), rel=1e-5)
    assert history[-1]["valid_loss"] == pytest.approx((error[48:] ** 2).mean(), rel=1e-5)
    assert history[-1]["mae"] == pytest.approx(np.abs(error[48:]).mean(), rel=1e-5)


def test_the_callback_of_fastai_travels(learner: Any) -> None:
    callback = learner[0].spoton_history
    again = pickle.loads(pickle.dumps(callback))
    assert again.history == callback.history
    assert again.eval_every == 1
    with pytest.raises(UsageError, match="eval_every"):
        FastaiHistory(eval_every=-1)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_scikit_learn_keeps_is_read() -> None:
    X, y = table()
    mlp = MLPRegressor(max_iter=4, alpha=0.0, random_state=0, early_stopping=True).fit(X, y.ravel())
    history = from_sklearn(mlp)
    assert history is not None
    assert history.column("train_loss") == pytest.approx(2 * np.array(mlp.loss_curve_))
    assert history.column("valid_score") == pytest.approx(mlp.validation_scores_)

    boosted = HistGradientBoostingRegressor(max_iter=5, early_stopping=True, validation_fraction=None).fit(X, y.ravel())
    history = from_sklearn(boosted)
    assert history is not None
    assert len(history) == boosted.n_iter_
    mse = ((boosted.predict(X) - y.ravel()) ** 2).mean()
    assert history[-1]["train_loss"] == pytest.approx(mse, rel=1e-4)

    older = GradientBoostingRegressor(n_estimators=3, random_state=0).fit(X, y.ravel())
    history = from_sklearn(older)
    assert history is not None
    assert history[-1]["train_loss"] == pytest.approx(((older.predict(X) - y.ravel()) ** 2).mean())

    assert from_sklearn(HistGradientBoostingRegressor(max_iter=2).fit(X, y.ravel())) is None
    assert from_sklearn(LinearRegression().fit(X, y)) is None


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_an_estimator_inside_keeps_is_read() -> None:
    X, y = table()
    mlp = MLPRegressor(max_iter=3, random_state=0)
    pipe = make_pipeline(StandardScaler(), TransformedTargetRegressor(mlp, transformer=StandardScaler())).fit(
        X, y.ravel()
    )
    history = from_sklearn(pipe)
    assert history is not None
    assert history.column("train_loss") == pytest.approx(2 * np.array(pipe[-1].regressor_.loss_curve_))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_epoch_by_epoch_of_labels_and_other_rows() -> None:
    X, y = table()
    names = np.where(y.ravel() > np.median(y), "high", "low")
    for model in (SGDClassifier(random_state=0), MLPClassifier(random_state=0)):
        history = fit_epochs(model, X[:40], names[:40], 2, valid=(X[40:], names[40:]))
        assert history[-1]["train_loss"] == pytest.approx(1 - model.score(X[:40], names[:40]))
        assert history[-1]["valid_loss"] == pytest.approx(1 - model.score(X[40:], names[40:]))
    model = SGDRegressor(random_state=0)
    history = fit_epochs(model, X[:40], y[:40].ravel(), 2, valid=(X[40:], y[40:].ravel()))
    assert history[-1]["valid_loss"] == pytest.approx(((model.predict(X[40:]) - y[40:].ravel()) ** 2).mean())


def test_epoch_by_epoch() -> None:
    X, y = table()
    model, seen = SGDRegressor(random_state=0), []
    with on_epoch(lambda h: seen.append(h[-1]["epoch"])):
        history = fit_epochs(model, X, y.ravel(), 3)
        assert fit_epochs(model, X, y.ravel(), 1, history) is history
    assert seen == [1, 2, 3, 4]
    assert history[-1]["fit"] == 2
    assert history[-1]["train_loss"] == pytest.approx(((model.predict(X) - y.ravel()) ** 2).mean())
    with pytest.raises(UsageError, match="partial_fit"):
        fit_epochs(LinearRegression(), X, y, 3)
