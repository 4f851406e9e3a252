"""The classical learners: scikit-learn's own, with its defaults unless a line says otherwise."""

from __future__ import annotations

from functools import partial
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Lasso, LassoCV, LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVR

from spoton.learners._each import EachOutput
from spoton.learners._recipe import Recipe
from spoton.optional import require

# 2020 used alpha=1 on pixels 0..255; on pixels 0..1 the same model has alpha=1/255 (answers in pixels both times)
LASSO_ALPHA = 1 / 255


def _each(make: Any, **options: Any) -> EachOutput:
    return EachOutput(make(**options))


def _lightgbm() -> BaseEstimator:
    lightgbm = require("lightgbm")
    return EachOutput(lightgbm.LGBMRegressor(n_jobs=1, deterministic=True, force_row_wise=True, verbose=-1))


def _mars() -> BaseEstimator:
    return EachOutput(require("pyearth").Earth())


MEAN = Recipe("mean", "predicts the mean of the training answers: the lower end of the scale", DummyRegressor)
LINEAR = Recipe("linear", "ordinary least squares", LinearRegression)
RIDGE = Recipe("ridge", "least squares with an l2 penalty (alpha 1)", Ridge)
LASSO = Recipe("lasso", "least squares with an l1 penalty (alpha 1/255: that of 2020)", partial(Lasso, LASSO_ALPHA))
LASSO_CV = Recipe("lasso-cv", "lasso, its penalty chosen by cross-validation for each output", partial(_each, LassoCV))
# one forest for all outputs has nine times the squared error on topleft: its trees split for both at once
FOREST = Recipe("forest", "random forest of 100 trees for each output", partial(_each, RandomForestRegressor))
GBDT = Recipe(
    "gbdt",
    "gradient-boosted trees on histograms",
    partial(_each, HistGradientBoostingRegressor),
    epochs="max_iter",
)
KNN = Recipe("knn", "mean of the 5 nearest neighbours", KNeighborsRegressor)
SVR_ = Recipe("svr", "support vector regression with an RBF kernel", partial(_each, SVR))
MLP = Recipe("mlp", "scikit-learn's MLP, one hidden layer of 100", MLPRegressor, epochs="max_iter")
LIGHTGBM = Recipe("lightgbm", "LightGBM (extra: trees)", _lightgbm)
MARS = Recipe("mars", "multivariate adaptive regression splines, py-earth2 (extra: mars)", _mars)
