from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from spoton import get_learner
from spoton.errors import MissingExtra, UsageError
from spoton.learners import ByLabel, TorchRegressor, check_learner, learner_names


def test_a_name_says_what_is_built() -> None:
    built = get_learner("featsnet@pts12+pts22+ynorm+yrange=samples?epochs=90&lr=1e-2&hidden=7&relu=true")
    assert isinstance(built, TransformedTargetRegressor)
    features, model = built.regressor.named_steps["features"], built.regressor.named_steps["model"]
    assert features.features == ("pts12", "pts22")
    assert features.divide
    assert isinstance(model, TorchRegressor)
    assert (model.epochs, model.lr, model.y_range) == (90, 0.01, "samples")
    assert model.net_options == {"hidden": 7, "relu": True}


def test_xnorm_is_a_scaler_or_fastai_s_own() -> None:
    assert [name for name, _ in get_learner("ridge+xnorm").steps] == ["features", "xnorm", "model"]
    fastai = get_learner("fastai-tabular@pts+xnorm?layers=20x10")
    assert [name for name, _ in fastai.steps] == ["features", "model"]
    assert fastai.named_steps["model"].normalize
    assert fastai.named_steps["model"].layers == (20, 10)
    assert isinstance(get_learner("basenet+xnorm"), Pipeline)


def test_parameters_reach_the_regressor_inside_each_output() -> None:
    assert get_learner("svr?C=10").named_steps["model"].estimator.C == 10
    assert get_learner("gbdt?max_depth=2", epochs=7).named_steps["model"].estimator.get_params()["max_iter"] == 7


def test_epochs_give_way_to_the_name() -> None:
    assert get_learner("basenet", epochs=3).epochs == 3
    assert get_learner("basenet?epochs=9", epochs=3).epochs == 9
    get_learner("linear", epochs=3)


def test_ynorm_names_a_scaling_of_answers() -> None:
    assert get_learner("ridge+ynorm").transformer.kind == "standard"
    assert get_learner("ridge+ynorm=box-cox").transformer.kind == "box-cox"
    # scaled answers are no pixels, so the image's edges are no limits of theirs
    assert get_learner("net3+ynorm").regressor.y_range == "extremes"  # it sees a mean of 0, and takes all outputs'
    assert get_learner("net3+ynorm=robust").regressor.y_range == "auto"
    assert get_learner("net3+ynorm=robust+yrange=samples:0.3").regressor.y_range == "samples:0.3"


def test_yrange_is_of_the_sigmoid_or_cuts_predictions_off() -> None:
    X, y = np.arange(10.0)[:, None], np.arange(10.0)
    assert get_learner("net3+yrange=samples:0.2").y_range == "samples:0.2"
    assert isinstance(get_learner("linear+yrange=none"), Pipeline)
    far = np.array([[-100.0], [4.0], [100.0]])
    for name in ("linear+yrange=samples:0.5", "linear+xnorm+ynorm=min-max+yrange=samples:0.5"):
        assert np.allclose(get_learner(name).fit(X, y).predict(far), [-4.5, 4, 13.5])
    two = get_learner("linear+yrange=auto").fit(X, np.column_stack([y, 2 * y]))
    assert np.allclose(two.predict(far), [[-0.9, -1.8], [4, 8], [9.9, 19.8]])


def test_bylabel_is_outermost() -> None:
    assert isinstance(get_learner("linear@pts+ynorm+bylabel"), ByLabel)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("liner", "no learner is called 'liner'; did you mean linear"),
        ("oracle@pts", "no learner"),
        ("linear@ptz", "no feature or modifier in 'linear@ptz' is called 'ptz'; did you mean pts"),
        ("linear+pts", "no modifier in 'linear\\+pts' is called 'pts'"),
        ("linear@", "no feature or modifier"),
        ("linear@ynorm", "has no feature after '@'"),
        ("linear@pts+pts", "'pts' is given twice"),
        ("linear+ynorm+ynorm", "'ynorm' is given twice"),
        ("linear+ynorm+ynorm=robust", "'ynorm=robust' is given twice"),
        ("linear+ynorm=quantiles", "no scaling of answers is called 'quantiles'; did you mean quantile"),
        ("linear+ynorm=", "known: standard, min-max, robust, quantile, box-cox, yeo-johnson"),
        ("linear+yrange=sample", "no y_range is called 'sample'"),
        ("basenet+yrange=samples:-1", "the margin in y_range 'samples:-1' is a share of the range, 0 or more"),
        ("basenet+yrange=auto:0.2", "no y_range is called 'auto:0.2'"),
        ("basenet+yrange=sample", "no y_range is called 'sample'"),
        ("resnet18@pts", "resnet18 takes images, not features"),
        ("resnet18+xnorm", "\\+xnorm is not possible"),
        ("ridge?alfa=1", "no parameter of ridge is called 'alfa'; did you mean alpha"),
        ("basenet?hiden=1", "no parameter of basenet is called 'hiden'; did you mean hidden"),
        ("svr?c=1", "no parameter of svr is called 'c'"),
        ("ridge?alpha", "not of the form key=value"),
        ("spottable?epochs=abc", "the parameter 'epochs' of spottable is a whole number, not 'abc'"),
        ("spottable-ladder?epochs=2.5", "'epochs' of spottable-ladder is a whole number, not 2.5"),
        ("basenet?epochs=true", "'epochs' of basenet is a whole number, not True"),
        ("spottable?lr=fast", "'lr' of spottable is a number, not 'fast'; write lr=0.01"),
    ],
)
def test_wrong_names_say_what_is_wrong(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_learner(name)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(MissingExtra, match=r"pip install 'spoton\[trees\]'"):
        get_learner("lightgbm")
    check_learner("lightgbm")  # that is no wrong usage


@pytest.mark.parametrize("name", [name for name in learner_names() if name != "oracle"])
def test_every_name_builds_afresh(name: str) -> None:
    try:
        assert get_learner(name) is not get_learner(name)
    except MissingExtra as reason:
        pytest.skip(str(reason))


def test_defaults_of_2020() -> None:
    assert get_learner("lasso").named_steps["model"].alpha == pytest.approx(1 / 255)
    net = get_learner("net3")
    assert (net.epochs, net.lr, net.batch_size, net.y_range) == (10, 1e-3, 64, "extremes")
    X, y = np.random.RandomState(0).rand(10, 28, 28), np.ones((10, 2))
    layers = [type(layer).__name__ for layer in net.set_params(epochs=1).fit(X, y).module_.layers]
    assert layers == ["Flatten", "Linear", "Linear", "RangeHead"]
    assert net.n_parameters_ == 784 * 28 + 28 + 28 * 2
    relu = get_learner("relu4?epochs=1").fit(X, y)
    assert [type(layer).__name__ for layer in relu.module_.layers] == [
        "Flatten",
        "Linear",
        "ReLU",
        "Linear",
        "RangeHead",
    ]


def test_the_oracle_is_no_learner() -> None:
    with pytest.raises(UsageError, match=r"the oracle is the rule of a task: get_task\(name\).oracle\(\) gives it"):
        get_learner("oracle")
