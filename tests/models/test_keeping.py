"""Every learner of the catalogue that can be kept is kept, and answers to the bit as it did; the others say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVR

from spoton import Task, catalogue, fit_model, get_learner, load_model
from spoton.errors import DataError, MissingExtra, UsageError
from spoton.learners import Recipe, TorchRegressor
from spoton.learners._own_net import OwnNet
from spoton.models import Model

DETECTORS = {
    "fasterrcnn": "pnist/box",
    "keypointrcnn": "pnist/topleft",
    "retinanet": "pnist/box",
    "ssdlite": "pnist/box",
}
LISTS = ("ordernet", "pointernet", "deepsets")
TABLES = ("spottable", "spottable-ladder", "stg", "svr", "knn", "lightgbm", "xgboost", "forest", "gbdt", "mlp")
# each holds an object of a package whose own form nobody has looked through
NOT_KEPT = ("mars", "lassonet", "realmlp", "tabm", "mlp-plr", "xgboost-td", "lightgbm-td")
NAMES = [recipe.name for recipe in catalogue.members("spoton.learners", Recipe)]


def task_for(name: str) -> Task:
    base = name.split("?")[0].split("@")[0].split("+")[0]
    if base in DETECTORS:
        return small.images(DETECTORS[base], 8)
    if base in LISTS:
        return small.table("lists/argmax", 40)
    return small.table() if base in TABLES else small.images()


def kept(learner: Any, task: Task, folder: Path, **words: Any) -> tuple[Model, Model]:
    """A fitted model and the same from its folder; both predict the same bits."""
    model = fit_model(task, learner, **words)
    model.save(folder)
    again = load_model(folder)
    data = task.data()
    labels = data.labels if model.card.learner["uses_labels"] else None
    found = model.predict(data.X, labels)
    np.testing.assert_array_equal(again.predict(data.X, labels), found)
    # in one batch as the fit had them: sums of float32 depend on how many rows are computed together
    valid = data.take(task.split(0).valid)
    told = again.predict(valid.X, None if labels is None else valid.labels)
    assert [row["answers"] for row in model.card.predictions["rows"]] == told.tolist()
    assert type(again.estimator) is type(model.estimator)
    return model, again


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few iterations on purpose
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] * (n in DETECTORS)) for n in NAMES if n not in NOT_KEPT],
)
def test_a_learner_answers_to_the_bit_as_it_did(name: str, tmp_path: Path) -> None:
    kept(name, task_for(name), tmp_path / "model", epochs=2 if name in ("spottable", "spottable-ladder", "stg") else 1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("linear@pts+bylabel", "pnist/topleft"),
        ("featsnet@pts12+ynorm?epochs=1", "pnist/both"),
        ("ridge+ynorm=quantile", "pnist/topleft"),
        ("linear+yrange=samples:0.1", "pnist/topleft"),
        ("knn+xnorm+ynorm=yeo-johnson", "pnist/topleft"),
        ("ridge", "pnist/digit?digits=all"),
        ("gbdt?max_iter=3", "pnist/digit?digits=all"),
        ("basenet+xnorm+ynorm?epochs=1", ""),
        ("fastai-tabular+xnorm?epochs=1", ""),
        ("knn+bylabel", "pnist/pxsum"),
    ],
)
def test_modifiers_and_features_are_kept_with_it(name: str, kind: str, tmp_path: Path) -> None:
    kept(name, small.images(kind, 40) if kind else small.table(), tmp_path / "model")


def test_members_that_see_ramps_are_kept(tmp_path: Path) -> None:
    _, again = kept("spottable?epochs=60", small.table("steps", 300), tmp_path / "model")
    assert again.estimator[-1].net_.ramp_mix.any()


def test_a_booster_whose_trees_were_pruned_is_kept(tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost", reason="the extra trees is not installed")
    learner = xgboost.XGBRegressor(n_estimators=5, n_jobs=1, tree_method="exact", gamma=5)
    model, _ = kept(learner, small.table(), tmp_path / "model")
    trees = json.loads(bytes(model.estimator.get_booster().save_raw("json")))["learner"]["gradient_booster"]["model"]
    assert sum(int(tree["tree_param"]["num_deleted"]) for tree in trees["trees"]) > 0


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()),
        make_pipeline(PCA(3), SVR(kernel="poly")),
    ],
)
def test_estimators_of_scikit_learn_are_kept(estimator: Any, tmp_path: Path) -> None:
    kept(estimator, small.table(), tmp_path / "model")


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (make_pipeline(FunctionTransformer(np.log1p), Ridge()), "FunctionTransformer"),
        (GradientBoostingRegressor(), "GradientBoostingRegressor"),
    ],
)
def test_what_compiled_code_could_be_led_astray_by_is_refused_before_the_fit(estimator: Any, said: str) -> None:
    with pytest.raises(UsageError, match=f"cannot be kept, since it holds .*{said}"):
        fit_model(small.table(), estimator)


@pytest.mark.parametrize("name", NOT_KEPT)
def test_those_that_cannot_be_kept_say_so_before_the_fit(name: str) -> None:
    try:
        get_learner(name)
    except MissingExtra as reason:
        pytest.skip(str(reason))
    with pytest.raises(UsageError, match="cannot be kept, since it holds"):
        fit_model(small.table(), name)


class Own(torch.nn.Module):
    def __init__(self, in_shape: Any, n_out: int, width: int = 3) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(in_shape[0], width, 3), torch.nn.Flatten(), torch.nn.Linear(width * 26 * 26, n_out)
        )

    def forward(self, x: Any) -> Any:
        return self.layers(x)


class Other(torch.nn.Linear):
    def __init__(self, in_shape: Any, n_out: int) -> None:
        super().__init__(28, n_out)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_net_of_the_users_own_is_given_again(wrapped: bool, tmp_path: Path) -> None:
    task = small.images()
    own: Any = OwnNet(Own)  # so that it need not take a y_range
    learner = TorchRegressor(net=own, epochs=1, net_options={"width": 2}, y_range="none") if wrapped else Own
    model = fit_model(task, learner)
    model.save(tmp_path / "model")
    assert model.card.learner["own_net"] == {"name": "Own", "file": "", "digest": ""}
    with pytest.raises(UsageError, match="a net of your own, Own, and its code is not kept"):
        load_model(tmp_path / "model")
    again = load_model(tmp_path / "model", net=Own)
    np.testing.assert_array_equal(again.predict(task.data().X), model.predict(task.data().X))
    with pytest.raises((UsageError, DataError), match=r"Other takes no width|'.*' are .*, and the net needs them"):
        load_model(tmp_path / "model", net=Other)
