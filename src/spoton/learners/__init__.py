"""Learners: scikit-learn regressors, all of them. A learner is one `Recipe` in one file and one export line here."""

from __future__ import annotations

from sklearn.base import BaseEstimator

from spoton import catalogue
from spoton.learners._assemble import MODIFIERS as MODIFIERS
from spoton.learners._assemble import assemble, parse
from spoton.learners._count import count_parameters as count_parameters
from spoton.learners._count import innermost as innermost
from spoton.learners._count import model_of as model_of
from spoton.learners._detectors import FASTERRCNN as FASTERRCNN
from spoton.learners._detectors import KEYPOINTRCNN as KEYPOINTRCNN
from spoton.learners._detectors import RETINANET as RETINANET
from spoton.learners._detectors import SSDLITE as SSDLITE
from spoton.learners._detectors import DetectorRegressor as DetectorRegressor
from spoton.learners._each import ByLabel as ByLabel
from spoton.learners._each import EachOutput as EachOutput
from spoton.learners._each import OneHot as OneHot
from spoton.learners._fastai import FastaiRegressor as FastaiRegressor
from spoton.learners._fastai_recipes import FASTAI_TABULAR as FASTAI_TABULAR
from spoton.learners._fastai_recipes import FASTAI_VISION as FASTAI_VISION
from spoton.learners._features import FEATURE_NAMES as FEATURE_NAMES
from spoton.learners._features import PointFeatures as PointFeatures
from spoton.learners._ladder import SpotTableLadder as SpotTableLadder
from spoton.learners._lists import DEEPSETS as DEEPSETS
from spoton.learners._lists import ORDERNET as ORDERNET
from spoton.learners._lists import POINTERNET as POINTERNET
from spoton.learners._nets import BASENET as BASENET
from spoton.learners._nets import FEATSNET as FEATSNET
from spoton.learners._nets import GATEDSPOT as GATEDSPOT
from spoton.learners._nets import NET3 as NET3
from spoton.learners._nets import RELU4 as RELU4
from spoton.learners._nets import RESNET18 as RESNET18
from spoton.learners._nets import SPOTNET as SPOTNET
from spoton.learners._peers import COORDCONV as COORDCONV
from spoton.learners._peers import KEYPOINT_HEAD as KEYPOINT_HEAD
from spoton.learners._peers import LOGSCAN as LOGSCAN
from spoton.learners._peers import RESNET18_LOGSCAN as RESNET18_LOGSCAN
from spoton.learners._peers import SIMCC as SIMCC
from spoton.learners._peers import STN as STN
from spoton.learners._peers import UNET_DSNT as UNET_DSNT
from spoton.learners._peers import UNET_HEATMAP as UNET_HEATMAP
from spoton.learners._peers import UNET_LOGSCAN as UNET_LOGSCAN
from spoton.learners._peers import VIT_SMALL as VIT_SMALL
from spoton.learners._recipe import Recipe as Recipe
from spoton.learners._rename import is_known as is_known
from spoton.learners._rename import rename as rename
from spoton.learners._selection import selection_of as selection_of
from spoton.learners._sklearn import FOREST as FOREST
from spoton.learners._sklearn import GBDT as GBDT
from spoton.learners._sklearn import KNN as KNN
from spoton.learners._sklearn import LASSO as LASSO
from spoton.learners._sklearn import LASSO_CV as LASSO_CV
from spoton.learners._sklearn import LIGHTGBM as LIGHTGBM
from spoton.learners._sklearn import LINEAR as LINEAR
from spoton.learners._sklearn import MARS as MARS
from spoton.learners._sklearn import MEAN as MEAN
from spoton.learners._sklearn import MLP as MLP
from spoton.learners._sklearn import RIDGE as RIDGE
from spoton.learners._sklearn import SVR_ as SVR_
from spoton.learners._spottable import SpotTable as SpotTable
from spoton.learners._staged import staged_predictions as staged_predictions
from spoton.learners._tables import SPOTTABLE as SPOTTABLE
from spoton.learners._tables import SPOTTABLE_LADDER as SPOTTABLE_LADDER
from spoton.learners._tabular_peers import LASSONET as LASSONET
from spoton.learners._tabular_peers import LIGHTGBM_TD as LIGHTGBM_TD
from spoton.learners._tabular_peers import MLP_PLR as MLP_PLR
from spoton.learners._tabular_peers import REALMLP as REALMLP
from spoton.learners._tabular_peers import STG_ as STG_
from spoton.learners._tabular_peers import TABM as TABM
from spoton.learners._tabular_peers import XGBOOST as XGBOOST
from spoton.learners._tabular_peers import XGBOOST_TD as XGBOOST_TD
from spoton.learners._torch import TorchRegressor as TorchRegressor

ORACLE = "oracle"  # not a recipe: each task has its own


def recipes() -> list[Recipe]:
    """All learners of the catalogue."""
    return catalogue.members(__name__, Recipe)


def learner_names() -> dict[str, str]:
    """Names without features and modifiers, each with its line."""
    return {ORACLE: "the task's exact rule: the upper end of the scale"} | {r.name: r.about for r in recipes()}


def get_learner(name: str, *, epochs: int | None = None) -> BaseEstimator:
    """A fresh estimator, as in `get_learner("featsnet@pts12+pts22+ynorm?epochs=90&lr=0.01")`.

    Args:
        name: `base@feature+...+modifier?parameter=value`; see `learner_names()`, `FEATURE_NAMES` and `MODIFIERS`.
        epochs: passes over the data for learners that have such a parameter.

    Raises:
        UsageError: an unknown learner, feature, modifier or parameter.
        MissingExtra: the learner needs a package that is not installed.
    """
    return assemble(name, recipes(), epochs)


def _recipe(name: str) -> Recipe | None:
    base = parse(name).base
    return next((recipe for recipe in recipes() if recipe.name == base), None)


def is_iterative(name: str) -> bool:
    """Whether the learner passes over the data several times."""
    return (recipe := _recipe(name)) is not None and bool(recipe.epochs)


def is_image_net(name: str) -> bool:
    """Whether the learner is a net that takes images and nothing else: those take longest."""
    return (recipe := _recipe(name)) is not None and not recipe.takes_features


def check_learner(name: str) -> None:
    """Raise the `UsageError` that `get_learner` would, if any; a missing extra is no wrong usage."""
    if parse(name).base == ORACLE:
        if name != ORACLE:
            raise catalogue.unknown("learner", name, learner_names(), "the oracle takes no features or modifiers.")
        return
    try:
        get_learner(name)
    except ImportError:
        return
