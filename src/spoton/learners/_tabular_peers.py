"""Peers for tables: what others recommend, with the settings that they recommend.

The packages are extras, imported when a learner is asked for. All work on one thread.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from spoton.data import Array
from spoton.errors import Diverged, UsageError
from spoton.learners._each import EachOutput
from spoton.learners._features import _numbers
from spoton.learners._recipe import Recipe
from spoton.learners._torch import seeded
from spoton.optional import require


class Quiet(EachOutput):
    """One clone an output of an estimator from a package whose warnings are for its authors, not for its users.

    Args:
        estimator: a regressor for one output.
    """

    def fit(self, X: Any, y: Any) -> Quiet:
        """Fit one clone for each column of y."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().fit(_table(X), y)
        return self

    def predict(self, X: Any) -> Array:
        """Answers in the shape of the training targets."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return super().predict(_table(X)).astype(np.float64)


def _table(X: Any) -> Array:
    # columns without names, so that NumPy may follow on pandas; a copy, since torch warns of what it may not write to
    return np.array(_numbers(X), dtype=np.float64)


def _pytabkit(name: str, **options: Any) -> Quiet:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch.jit
        require("pytabkit")
        found = require("pytabkit.models.sklearn.sklearn_interfaces")
    for logger in ("pytorch_lightning", "lightning.pytorch"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    return Quiet(getattr(found, name)(n_threads=1, verbosity=0, **options))


def _xgboost() -> EachOutput:
    return EachOutput(require("xgboost").XGBRegressor(n_jobs=1, tree_method="hist"))


class LassoNetRegressor(RegressorMixin, BaseEstimator):
    """LassoNet (I. Lemhadri, F. Ruan, L. Abraham, R. Tibshirani, JMLR 2021), its penalty chosen by cross-validation.

    The authors' package with its defaults, on standardised inputs and answers as in its examples.

    Args:
        hidden_dims: widths of the hidden layers.
        M: how far the net may go beyond the linear part.
        cv: folds.
        path_multiplier: factor from one penalty to the next.
        n_iters: most epochs of the first fit and of each further one.
        random_state: seeds the weights.
    """

    def __init__(
        self,
        hidden_dims: Sequence[int] = (100,),
        M: float = 10,
        cv: int = 5,
        path_multiplier: float = 1.02,
        n_iters: Sequence[int] = (1000, 100),
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden_dims = hidden_dims
        self.M = M
        self.cv = cv
        self.path_multiplier = path_multiplier
        self.n_iters = n_iters
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> LassoNetRegressor:
        """Fit the path of penalties in each fold, then on all rows to the best."""
        lassonet = require("lassonet")
        answers = np.asarray(y, dtype=np.float64)
        self.y_ndim_ = answers.ndim
        self.x_scaler_, self.y_scaler_ = StandardScaler(), StandardScaler()
        inputs = self.x_scaler_.fit_transform(_table(X)).astype(np.float32)
        targets = self.y_scaler_.fit_transform(answers.reshape(len(answers), -1)).astype(np.float32)
        seed = int(check_random_state(self.random_state).randint(2**31))
        with warnings.catch_warnings(), seeded(seed):
            warnings.simplefilter("ignore")
            self.net_ = lassonet.LassoNetRegressorCV(
                cv=self.cv,
                hidden_dims=tuple(self.hidden_dims),
                M=self.M,
                path_multiplier=self.path_multiplier,
                n_iters=tuple(self.n_iters),
                random_state=seed,
                torch_seed=seed,
                verbose=0,
            )
            self.net_.fit(inputs, targets)
        return self

    def predict(self, X: Any) -> Array:
        """Answers in the shape of the training targets."""
        check_is_fitted(self, "net_")
        scaled = np.asarray(self.net_.predict(self.x_scaler_.transform(_table(X)).astype(np.float32)))
        predicted: Array = self.y_scaler_.inverse_transform(scaled.reshape(len(scaled), -1).astype(np.float64))
        return predicted.ravel() if self.y_ndim_ == 1 else predicted


class STGRegressor(RegressorMixin, BaseEstimator):
    """`spoton.nets.STG` as its authors train it in their example of a regression: SGD on all rows at once.

    Inputs and answers are standardised.

    Args:
        hidden: widths of the hidden layers.
        sigma: noise of the gates.
        lam: weight of the penalty on open gates.
        epochs: steps of gradient descent.
        lr: their size.
        random_state: seeds weights and gates.

    Fitted: `gates_`, the openness of each column's gate, 0 to 1.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (500, 50, 10),
        sigma: float = 0.5,
        lam: float = 0.1,
        epochs: int = 3000,
        lr: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden = hidden
        self.sigma = sigma
        self.lam = lam
        self.epochs = epochs
        self.lr = lr
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> STGRegressor:
        """Train a fresh net."""
        import torch

        from spoton.nets import STG

        if not (self.epochs >= 1 and self.sigma > 0 and self.lr > 0 and self.lam >= 0):
            came = f"epochs {self.epochs}, sigma {self.sigma}, lr {self.lr}, lam {self.lam}"
            raise UsageError(f"stg needs epochs of 1 or more, positive sigma and lr, and lam of 0 or more, not {came}")
        answers = np.asarray(y, dtype=np.float64)
        self.y_ndim_ = answers.ndim
        self.x_scaler_, self.y_scaler_ = StandardScaler(), StandardScaler()
        inputs = torch.tensor(self.x_scaler_.fit_transform(_table(X)), dtype=torch.float32)
        scaled = self.y_scaler_.fit_transform(answers.reshape(len(answers), -1))
        targets = torch.tensor(scaled, dtype=torch.float32)
        with seeded(int(check_random_state(self.random_state).randint(2**31))):
            net = STG(inputs.shape[1:], targets.shape[1], hidden=self.hidden, sigma=self.sigma)
            optimizer = torch.optim.SGD(net.parameters(), lr=self.lr)
            for _ in range(self.epochs):
                loss = torch.nn.functional.mse_loss(net(inputs), targets) + self.lam * net.penalty()
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        if not torch.isfinite(loss):
            raise Diverged(f"the training loss became {loss.item()}; lower lr (now {self.lr:g})")
        self.module_ = net.eval()
        self.gates_: Array = net.gates().detach().numpy().astype(np.float64)
        self.n_parameters_ = sum(p.numel() for p in net.parameters())
        self.n_epochs_ = self.epochs
        return self

    def predict(self, X: Any) -> Array:
        """Answers in the shape of the training targets."""
        import torch

        check_is_fitted(self, "module_")
        with torch.no_grad():
            scaled = self.module_(torch.tensor(self.x_scaler_.transform(_table(X)), dtype=torch.float32))
        predicted: Array = self.y_scaler_.inverse_transform(scaled.double().numpy())
        return predicted.ravel() if self.y_ndim_ == 1 else predicted


_net = partial(_pytabkit, device="cpu")

REALMLP = Recipe(
    "realmlp",
    "RealMLP with its tuned defaults, pytabkit (extra: peers)",
    partial(_net, "RealMLP_TD_Regressor"),
    epochs="n_epochs",
)
TABM = Recipe(
    "tabm",
    "TabM with its authors' defaults, pytabkit (extra: peers)",
    partial(_net, "TabM_D_Regressor"),
    epochs="n_epochs",
)
MLP_PLR = Recipe(
    "mlp-plr",
    "MLP with periodic embeddings of numbers, pytabkit's defaults (extra: peers)",
    partial(_net, "MLP_PLR_D_Regressor"),
    epochs="max_epochs",
)
XGBOOST = Recipe("xgboost", "XGBoost (extra: trees)", _xgboost)
XGBOOST_TD = Recipe(
    "xgboost-td",
    "XGBoost with pytabkit's tuned defaults (extras: peers, trees)",
    partial(_pytabkit, "XGB_TD_Regressor"),
)
LIGHTGBM_TD = Recipe(
    "lightgbm-td",
    "LightGBM with pytabkit's tuned defaults (extras: peers, trees)",
    partial(_pytabkit, "LGBM_TD_Regressor"),
)
LASSONET = Recipe(
    "lassonet", "LassoNet, its penalty chosen by cross-validation, lassonet (extra: peers)", LassoNetRegressor
)
STG_ = Recipe("stg", "torch: a net behind stochastic gates, one a column", STGRegressor, epochs="epochs")
