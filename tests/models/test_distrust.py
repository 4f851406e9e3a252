"""A folder that is not ours, damaged, newer or made to do harm is refused with a sentence, and nothing in it runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import warnings
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
import tamper
import torch
from safetensors.torch import load, save
from tamper import CARD, ESTIMATOR, WEIGHTS

from spoton import fit_model, load_model
from spoton.errors import DataError, SpotonError
from spoton.models import Model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of each kind."""
    root = tmp_path_factory.mktemp("models")
    for name in ("linear", "forest?n_estimators=3", "gbdt?max_iter=3", "svr", "lightgbm?n_estimators=3", "knn"):
        fit_model(small.table(), name).save(root / name.partition("?")[0])
    fit_model(small.table(), "xgboost?n_estimators=3").save(root / "xgboost")
    fit_model(small.table(), "basenet?epochs=1").save(root / "basenet")
    return {path.name: path for path in root.iterdir()}


@pytest.fixture
def model(models: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one, to be spoilt."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(models[name], tmp_path / name))

    return copy


def refused(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        load_model(folder)
    text = str(caught.value)
    assert "\n" not in text
    return text


# -- the folder ------------------------------------------------------------------------------------------------


def test_what_is_no_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / CARD).write_text('{"name": "somebody else\'s"}')
    for name, words in (
        ("none", "is not there"),
        ("file", "is no folder"),
        ("empty", "has no model.json, so it is no model of spoton"),
        ("other", "was not written by spoton fit"),
    ):
        assert words in refused(tmp_path / name)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (b"", "is damaged"),
        (b"\xff\xfe{", "is not UTF-8"),
        (b"[" * 100_000, "is damaged"),
        (b"[]", "was not written by spoton fit"),
        (b'{"format": true, "spoton": "1"}', "was not written by spoton fit"),
        (b'{"format": 2, "spoton": "9.1"}', "is of format 2, written by spoton 9.1, .*install a newer spoton"),
        (b'{"format": 1, "spoton": "1"}', "is damaged"),
        (b'{"format": 1, "spoton": "1", "task": ' + b"9" * 5000 + b"}", "is damaged"),
    ],
)
def test_a_card_that_cannot_be_read_says_so(held: bytes, words: str, model: Callable[[str], Path]) -> None:
    folder = model("linear")
    (folder / CARD).write_bytes(held)
    with pytest.raises(DataError, match=words):
        load_model(folder)


@pytest.mark.parametrize(
    "section", ["task", "learner", "split", "inputs", "answers", "predictions", "metrics", "files"]
)
@pytest.mark.parametrize("value", [None, 3, "x", [], {"a": 1}, {"r2": {"x": "y"}}])
def test_a_card_with_another_section_says_so(section: str, value: Any, model: Callable[[str], Path]) -> None:
    folder = model("linear")
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, section: value}))
    refused(folder)


def test_a_damaged_missing_or_swapped_file_is_named(model: Callable[[str], Path], models: dict[str, Path]) -> None:
    folder = model("basenet")
    for name in (ESTIMATOR, WEIGHTS):
        held = (folder / name).read_bytes()
        for wrong in (held[:-1], held[: len(held) // 2], b"", held + b"x", held[:50] + b"\x00" + held[51:]):
            (folder / name).write_bytes(wrong)
            assert f"{name} is not the file that was written with model.json" in refused(folder)
        (folder / name).unlink()
        assert f"has no file {name}" in refused(folder)
        (folder / name).write_bytes(held)
    (folder / ESTIMATOR).write_bytes((models["linear"] / ESTIMATOR).read_bytes())
    assert "is not the file that was written" in refused(folder)


def test_links_and_names_that_lead_out_are_refused(model: Callable[[str], Path], tmp_path: Path) -> None:
    folder = model("linear")
    (tmp_path / "elsewhere").write_bytes((folder / ESTIMATOR).read_bytes())
    (folder / ESTIMATOR).unlink()
    (folder / ESTIMATOR).symlink_to(tmp_path / "elsewhere")
    assert "is a link that leads out of the folder" in refused(folder)
    (folder / ESTIMATOR).unlink()
    os.mkfifo(folder / ESTIMATOR)  # reading it would wait for ever
    assert "has no file estimator.skops" in refused(folder)
    for name in ("../elsewhere", "/etc/passwd", "model.json"):
        card = json.loads((folder / CARD).read_text())
        card["files"][name] = card["files"][ESTIMATOR]
        (folder / CARD).write_text(json.dumps(dict(card, files={name: card["files"][name], **card["files"]})))
        assert "and a model has estimator.skops and weights.safetensors alone" in refused(folder)
        del card["files"][name]
        (folder / CARD).write_text(json.dumps(card))


# -- archives, pickles -----------------------------------------------------------------------------------------


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/spoton-was-here",)


def _bomb() -> bytes:
    return tamper.zipped({"schema.json": b"{}" + b" " * 10_000_000}, zipfile.ZIP_DEFLATED)


def _twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the name that is given twice
        archive.writestr("schema.json", b"{}")
        archive.writestr("schema.json", b"[]")
    return out.getvalue()


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(pickle.dumps(Evil()), id="pickle"),
        pytest.param(_bomb(), id="bomb"),
        pytest.param(b"PK\x05\x06" + b"\x00" * 18, id="empty archive"),
        pytest.param(tamper.zipped({"schema.json": b"[" * 100_000}), id="deep"),
        pytest.param(tamper.zipped({"schema.json": b"{}"}), id="no node"),
        pytest.param(tamper.zipped({"other.json": b"{}"}), id="no schema"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_archives_that_are_none_or_grow_are_refused(held: bytes, model: Callable[[str], Path]) -> None:
    folder = model("linear")
    tamper.rewrite(folder, ESTIMATOR, held)
    assert "estimator.skops is damaged or not by spoton: " in refused(folder)
    assert not Path("/tmp/spoton-was-here").exists()


def test_two_members_of_one_name_are_refused(model: Callable[[str], Path]) -> None:
    folder = model("linear")
    tamper.rewrite(folder, ESTIMATOR, _twice())
    assert "two members of one name" in refused(folder)


def test_a_pickle_as_weights_or_within_an_array_is_not_run(model: Callable[[str], Path]) -> None:
    folder = model("basenet")
    tamper.rewrite(folder, WEIGHTS, pickle.dumps(Evil()))
    assert "weights.safetensors is damaged" in refused(folder)
    buffer = io.BytesIO()
    torch.save({"x": torch.zeros(1)}, buffer)
    tamper.rewrite(folder, WEIGHTS, buffer.getvalue())
    assert "weights.safetensors is damaged" in refused(folder)
    folder = model("linear")
    members = tamper.unzipped((folder / ESTIMATOR).read_bytes())
    name = next(name for name in members if name.endswith(".npy"))
    evil = io.BytesIO()
    np.save(evil, np.array([Evil()], dtype=object), allow_pickle=True)
    tamper.rewrite(folder, ESTIMATOR, tamper.zipped({**members, name: evil.getvalue()}))
    assert "allow_pickle" in refused(folder)
    assert not Path("/tmp/spoton-was-here").exists()


# -- nodes of skops ----------------------------------------------------------------------------------------------

TEXT = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": '"touch /tmp/was-here"'}
TUPLE = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [TEXT]}
FUNCTION = {"__class__": "system", "__module__": "posix", "__loader__": "FunctionNode"}
STRANGE = {
    "function": FUNCTION,
    "type": {**FUNCTION, "__loader__": "TypeNode"},
    "object": {**FUNCTION, "__loader__": "ObjectNode"},
    "constructor": {**FUNCTION, "__loader__": "ConstructorFromReduceNode", "content": TUPLE},
    "constructor of ours": {
        "__class__": "FastaiRegressor",
        "__module__": "spoton.learners._fastai",
        "__loader__": "ConstructorFromReduceNode",
        "content": TUPLE,
    },
    "partial": {"__class__": "partial", "__module__": "functools", "__loader__": "PartialNode", "content": {}},
    "method": {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "MethodNode",
        "content": {"func": "format", "obj": TEXT},
    },
    "operator": {
        "__class__": "methodcaller",
        "__module__": "operator",
        "__loader__": "OperatorFuncNode",
        "attrs": TUPLE,
    },
    "list of another class": {**FUNCTION, "__loader__": "ListNode", "content": [TEXT]},
    "number of another class": {**FUNCTION, "__loader__": "NdArrayNode", "type": "numpy", "file": "schema.json"},
    "kind that is none": {**FUNCTION, "__loader__": "Nonsense"},
    "kind that is no name": {**FUNCTION, "__loader__": ["x"]},
    "text that is a list": {**TEXT, "content": "[1, 2]"},
    "search in compiled code": {
        "__class__": "KDTree",
        "__module__": "sklearn.neighbors._kd_tree",
        "__loader__": "ObjectNode",
    },
    "tree": {"__class__": "Tree", "__module__": "sklearn.tree._tree", "__loader__": "TreeNode", "content": TUPLE},
    "booster": {"__class__": "Booster", "__module__": "xgboost.core", "__loader__": "ObjectNode", "content": TUPLE},
    "estimator that nobody listed": {
        "__class__": "GradientBoostingRegressor",
        "__module__": "sklearn.ensemble._gb",
        "__loader__": "ObjectNode",
    },
}


@pytest.mark.parametrize("what", STRANGE)
@pytest.mark.parametrize("deep", [False, True])
def test_nodes_that_no_model_has_are_refused(what: str, deep: bool, model: Callable[[str], Path]) -> None:
    folder = model("linear")

    def change(schema: Any) -> Any:
        if not deep:
            return {**schema, **STRANGE[what]}
        node = next(node for node in tamper.nodes(schema)[1:] if node["__loader__"] == "DictNode")
        node["content"]["more"] = STRANGE[what]
        return schema

    tamper.with_schema(folder, change)
    assert "damaged or not by spoton" in refused(folder)


@pytest.mark.parametrize(("name", "value"), [("predict", TEXT), ("n_features_in_", TEXT), ("_impl", TEXT)])
def test_attributes_that_hide_a_class_are_refused(name: str, value: Any, model: Callable[[str], Path]) -> None:
    folder = model("svr")

    def change(schema: Any) -> Any:
        fitted = [n for n in tamper.nodes(schema) if n["__class__"] == "SVR" and "support_" in n["content"]["content"]]
        assert fitted
        for node in fitted:
            node["content"]["content"][name] = value
            node["content"]["key_types"]["content"].append(node["content"]["key_types"]["content"][0])
        return schema

    tamper.with_schema(folder, change)
    refused(folder)


# -- what compiled code would follow ------------------------------------------------------------------------------


def _spoilt(folder: Path, change: Callable[[Any], None]) -> None:
    """The model's plain estimator, changed by Python and written as it is."""
    import skops.io

    from spoton.models._estimator import from_bytes

    plain = from_bytes((folder / ESTIMATOR).read_bytes())
    change(plain)
    tamper.rewrite(folder, ESTIMATOR, skops.io.dumps(plain))


def _parts(plain: Any, kind: str) -> list[Any]:
    from spoton.models._compiled import every
    from spoton.models._parts import Part

    found = [value for value in every(plain) if isinstance(value, Part) and value.kind == kind]
    assert found
    return found


def _tree(field: str, value: Any) -> Callable[[Any], None]:
    def change(plain: Any) -> None:
        nodes = _parts(plain, "tree")[0].values["nodes"]
        nodes[field][0] = value

    return change


def _part(kind: str, *path: Any, value: Any) -> Callable[[Any], None]:
    def change(plain: Any) -> None:
        place = _parts(plain, kind)[0].values
        for step in path[:-1]:
            place = place[step]
        if isinstance(place, np.ndarray):
            place[path[-1]] = value
        else:
            place[path[-1]] = value(place[path[-1]]) if callable(value) else value

    return change


def _joined(kind: str, where: str, left: str, right: str) -> Callable[[Any], None]:
    """Both branches of the first node lead to one place."""

    def change(plain: Any) -> None:
        held = _parts(plain, kind)[0].values[where]
        tree = held[0] if isinstance(held, list) else held
        tree[left][0] = tree[right][0]

    return change


def _of_part(name: str, value: str) -> Callable[[Any], None]:
    return lambda plain: object.__setattr__(_parts(plain, "torch")[0], name, value)


def _fitted(name: str, attribute: str, value: Callable[[Any], Any]) -> Callable[[Any], None]:
    def change(plain: Any) -> None:
        from spoton.models._compiled import every

        found = [one for one in every(plain) if type(one).__name__ == name and hasattr(one, attribute)]
        assert found
        for one in found:
            setattr(one, attribute, value(getattr(one, attribute)))

    return change


def _histogram(field: str, value: Any) -> Callable[[Any], None]:
    def change(predictors: Any) -> Any:
        nodes = predictors[0][0].nodes.copy()
        nodes[field][0] = value
        predictors[0][0].nodes = nodes
        return predictors

    return _fitted("HistGradientBoostingRegressor", "_predictors", change)


CRAFTED: dict[str, tuple[str, Callable[[Any], None]]] = {
    "a branch beyond the end": ("forest", _tree("left_child", 10**6)),
    "a branch before the start": ("forest", _tree("right_child", -7)),
    "a branch back to itself": ("forest", _tree("left_child", 0)),
    "a column that is not there": ("forest", _tree("feature", 99)),
    "a column before the first": ("forest", _tree("feature", -5)),
    "fewer values than nodes": ("forest", _part("tree", "values", value=lambda v: v[:1])),
    "more answers than values": ("forest", _part("tree", "outputs", value=10**6)),
    "more columns than are checked": ("forest", _part("tree", "columns", value=10**6)),
    "a forest that takes any columns": (
        "forest",
        _fitted("RandomForestRegressor", "n_features_in_", lambda n: n + 100),
    ),
    "a forest of something else": ("forest", _fitted("RandomForestRegressor", "estimators_", lambda all_: ["x"])),
    "a forest of more answers": ("forest", _fitted("RandomForestRegressor", "n_outputs_", lambda n: 10**9)),
    "histograms of more answers": (
        "gbdt",
        _fitted("HistGradientBoostingRegressor", "n_trees_per_iteration_", lambda n: 10**9),
    ),
    "a histogram's branch": ("gbdt", _histogram("left", 10**6)),
    "a histogram's cycle": ("gbdt", _histogram("right", 0)),
    "a histogram's column": ("gbdt", _histogram("feature_idx", 77)),
    "a histogram's category": ("gbdt", _histogram("is_categorical", 1)),
    "a histogram that takes any columns": (
        "gbdt",
        _fitted("HistGradientBoostingRegressor", "n_features_in_", lambda n: 2),
    ),
    "fewer support vectors": ("svr", _fitted("SVR", "support_vectors_", lambda v: v[:2])),
    "support vectors of other columns": ("svr", _fitted("SVR", "support_vectors_", lambda v: v[:, :2])),
    "more support vectors than are there": ("svr", _fitted("SVR", "_n_support", lambda n: n + 1000)),
    "fewer coefficients": ("svr", _fitted("SVR", "_dual_coef_", lambda v: v[:, :1])),
    "support vectors by number": ("svr", _fitted("SVR", "kernel", lambda _: "precomputed")),
    "a branch of lightgbm": ("lightgbm", _part("lightgbm", "trees", 0, "left_child", 0, value=500)),
    "a leaf of lightgbm": ("lightgbm", _part("lightgbm", "trees", 0, "right_child", 0, value=-500)),
    "a column of lightgbm": ("lightgbm", _part("lightgbm", "trees", 0, "split_feature", 0, value=500)),
    "a category of lightgbm": ("lightgbm", _part("lightgbm", "trees", 0, "decision_type", 0, value=1)),
    "fewer leaves of lightgbm": ("lightgbm", _part("lightgbm", "trees", 0, "leaf_value", value=lambda v: v[:1])),
    "a name of lightgbm": ("lightgbm", _part("lightgbm", "columns", 0, value="a\nTree=9")),
    "a parameter of lightgbm": ("lightgbm", _part("lightgbm", "parameters", "input_model", value="/etc/passwd")),
    "a branch of xgboost": ("xgboost", _part("xgboost", "trees", 0, "left", 0, value=500)),
    # XGBoost's own reader crashes at a node that two branches lead to
    "two branches of xgboost to one node": ("xgboost", _joined("xgboost", "trees", "left", "right")),
    "two branches of lightgbm to one leaf": ("lightgbm", _joined("lightgbm", "trees", "left_child", "right_child")),
    "two branches of a forest to one node": ("forest", _joined("tree", "nodes", "left_child", "right_child")),
    "a cycle of xgboost": ("xgboost", _part("xgboost", "trees", 0, "right", 0, value=0)),
    "a column of xgboost": ("xgboost", _part("xgboost", "trees", 0, "feature", 0, value=500)),
    "no columns of xgboost": ("xgboost", _part("xgboost", "columns", value=2)),
    "fewer values of xgboost": ("xgboost", _part("xgboost", "trees", 0, "value", value=lambda v: v[:1])),
    "a way to look for neighbours": ("knn", _part("neighbours", "parameters", "metric", value="precomputed")),
    "a measure of the file's own": ("knn", _part("neighbours", "parameters", "metric_params", value={"p": 3})),
    "neighbours of other lengths": ("knn", _part("neighbours", "y", value=lambda v: v[:3])),
    "a kind of part that is none": (
        "basenet",
        lambda plain: object.__setattr__(_parts(plain, "torch")[0], "kind", "evil"),
    ),
    "a net that is none": ("basenet", _part("torch", "net", value="os.system")),
    "a net of other sizes": ("basenet", _part("torch", "net_options", value={"hidden": 7})),
    "a net far larger than its weights": ("basenet", _part("torch", "net_options", value={"hidden": 10**9})),
    "a net larger than its weights": ("basenet", _part("torch", "net_options", value={"hidden": 200_000, "mid": 9999})),
    "inputs of a size that no machine has": ("basenet", _part("torch", "in_shape_", value=(2**31,))),
    "weights by another name": ("basenet", _of_part("key", "9")),
}


@pytest.mark.parametrize("what", CRAFTED)
def test_crafted_values_are_refused_before_they_are_followed(what: str, model: Callable[[str], Path]) -> None:
    name, change = CRAFTED[what]
    folder = model(name)
    load_model(folder)
    _spoilt(folder, change)
    assert "damaged or not by spoton" in refused(folder)


def test_weights_of_another_kind_are_refused(model: Callable[[str], Path]) -> None:
    folder = model("basenet")
    weights = load((folder / WEIGHTS).read_bytes())
    name = next(name for name, value in weights.items() if value.ndim == 2)
    for other in (weights[name].int(), weights[name][..., :1], torch.zeros(1)):
        tamper.rewrite(folder, WEIGHTS, save({**weights, name: other.contiguous()}))
        assert f"the weights '{name.partition('/')[2]}' are" in refused(folder)
    tamper.rewrite(folder, WEIGHTS, save({key: value for key, value in weights.items() if key != name}))
    assert "are not there, and the net needs them" in refused(folder)


def test_a_card_that_does_not_fit_its_learner_is_an_error_of_the_data(models: dict[str, Path]) -> None:
    loaded = load_model(models["linear"])
    card = deepcopy(loaded.card)
    card.answers["columns"].append("more")
    with pytest.raises(SpotonError, match="cannot predict these inputs"):
        Model(card, loaded.estimator).predict(small.table().data().X)
