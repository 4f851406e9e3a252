"""verify names what differs: the data, the split, the predictions, the metrics, the code, the packages, the machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import small

from spoton import Task, fit_model, load_model
from spoton.errors import UsageError
from spoton.models import Model, Verdict, verify


@pytest.fixture(scope="module")
def ridge() -> Model:
    return fit_model("friedman1", "ridge", seed=2, train_size=100)


def edited(model: Model, section: str, **values: Any) -> Model:
    return replace(model, card=replace(model.card, **{section: {**getattr(model.card, section), **values}}))


def said(verdict: Verdict) -> dict[str, str]:
    return {check.what: check.said for check in verdict.checks}


def test_a_model_is_what_its_card_says(ridge: Model, tmp_path: Path) -> None:
    ridge.save(tmp_path / "model")
    verdict = verify(load_model(tmp_path / "model"))
    assert verdict.ok
    assert [check.what for check in verdict.checks] == [
        *("data", "split", "predictions", "metrics", "code", "packages", "machine")
    ]
    assert verdict.metrics == ridge.card.metrics
    assert not set(verdict.differs) & {"data", "split", "predictions", "metrics", "packages", "machine"}
    assert said(verdict)["predictions"] == "to the bit, 240 rows"


def test_other_coefficients_are_named_with_how_far_off(ridge: Model) -> None:
    other = deepcopy(ridge.estimator)
    other[-1].coef_ = other[-1].coef_ + 0.01
    verdict = verify(replace(ridge, estimator=other))
    assert not verdict.ok
    assert verdict.differs[:2] == ["predictions", "metrics"]
    assert "rows are off by more than" in said(verdict)["predictions"]
    assert "was " in said(verdict)["metrics"]


def test_last_digits_are_told_apart_from_other_answers(ridge: Model) -> None:
    other = deepcopy(ridge.estimator)
    other[-1].coef_ = other[-1].coef_ * (1 + 1e-9)
    verdict = verify(replace(ridge, estimator=other))
    assert verdict.ok
    assert said(verdict)["predictions"].startswith("within ")
    assert said(verdict)["metrics"].endswith("to 0.001 of each")


def test_another_split_is_named(ridge: Model) -> None:
    verdict = verify(edited(ridge, "split", seed=5))
    assert verdict.differs[:2] == ["split", "metrics"]  # each row that both validate has the answer that it had
    assert said(verdict)["predictions"].startswith("within ")
    assert not verdict.ok
    gone = verify(edited(ridge, "split", train_size=10**6))
    assert "cannot be made of these data: a train size of 1000000" in said(gone)["split"]
    assert not gone.ok


def test_other_data_are_named_by_what_is_other_about_them() -> None:
    data = small.table().data()
    model = fit_model(small.table(), "linear")
    with pytest.raises(UsageError, match=r"data of your own \(small\); give them again: --images and --points"):
        verify(model)
    assert verify(model, small.table()).ok
    X, y = data.X, data.y
    for task, words in (
        (Task.from_arrays("small", X[:-1], y[:-1]), "60 rows then, 59 here"),
        (Task.from_arrays("small", X, y + 1), "the mean of y was .* then and is .* here"),
        (Task.from_arrays("small", X * 1.01, y), "the mean of the inputs was"),
        (Task.from_arrays("small", X, y.rename(columns={"y": "z"})), "answers y then, z here"),
        (Task.from_arrays("small", X[::-1], y[::-1]), "the same 60 rows in another order"),
        (Task.from_arrays("small", X, y, range(60)), "others: with labels here"),
        (Task.from_arrays("small", X, y.sample(frac=1, random_state=0)), "y, each as it was, go with other rows"),
        (Task.from_arrays("small", X.rename(columns={X.columns[0]: "z"}), y), "columns .* then, z, .* here"),
        (Task.from_arrays("small", X.assign(more=X.iloc[:, 0]), y), "inputs of shape 5 then, 6 here"),
    ):
        verdict = verify(model, task)
        assert "data" in verdict.differs
        assert not verdict.ok
        assert re.search(words, said(verdict)["data"]), said(verdict)["data"]


def test_data_that_another_processor_adds_up_are_the_same_but_for_last_digits() -> None:
    data = small.table().data()
    model = fit_model(small.table(), "ridge")
    near = Task.from_arrays("small", data.X * (1 + 1e-15), data.y)
    assert near.data_hash != small.table().data_hash
    verdict = verify(model, near)
    assert verdict.ok, verdict
    assert "the same but for last digits" in said(verdict)["data"]
    far = data.X.copy()
    far.iloc[3, 2] += 1e-5
    assert "the mean of the inputs was" in said(verify(model, Task.from_arrays("small", far, data.y)))["data"]
    none = edited(model, "task", summary={"rows": 60})
    assert said(verify(none, near))["data"].startswith("others: hash ")


def test_code_packages_and_machine_are_named_and_alone_are_no_failure(ridge: Model) -> None:
    then = ridge.card.provenance
    elsewhere = edited(
        replace(ridge, card=replace(ridge.card, spoton="0.0.1")),
        "provenance",
        packages={**then["packages"], "scikit-learn": "1.0", "oldpackage": "3"},
        cpu="an abacus",
        python="2.7",
    )
    verdict = verify(elsewhere)
    assert verdict.ok
    assert verdict.differs == ["code", "packages", "machine"]
    assert "spoton 0.0.1 then" in said(verdict)["code"]
    for words in ("scikit-learn 1.0 then", "oldpackage 3 then, not there here", "python 2.7 then"):
        assert words in said(verdict)["packages"]
    assert "processor an abacus then" in said(verdict)["machine"]
    nothing = verify(replace(ridge, card=replace(ridge.card, provenance={})))
    assert nothing.ok
    assert "packages" in nothing.differs


def test_a_metric_that_is_another_is_named(ridge: Model) -> None:
    card = json.loads(ridge.card.to_json())["metrics"]
    card["valid"]["r2"] += 1e-4
    verdict = verify(replace(ridge, card=replace(ridge.card, metrics=card)))
    assert verdict.differs[0] == "metrics"
    assert said(verdict)["metrics"].startswith("r2 on valid was ")
    card["valid"]["r2"] = None
    assert "was no number then" in said(verify(replace(ridge, card=replace(ridge.card, metrics=card))))["metrics"]


@pytest.mark.slow
@pytest.mark.parametrize(("task", "learner"), [("linear/dense", "ridge"), ("pnist/topleft", "unet-dsnt?epochs=1")])
def test_the_kernels_of_another_processor_make_no_difference(task: str, learner: str, tmp_path: Path) -> None:
    fit_model(task, learner).save(tmp_path / "model")
    # the oldest that OpenBLAS, torch and its libraries have: they add up in another order
    other = {"OPENBLAS_CORETYPE": "Prescott", "ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    other |= {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "spoton", "verify", tmp_path / "model", "--json", "-"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | other,
    )
    told = json.loads(done.stdout)
    assert done.returncode == 0, told
    assert told["ok"]
