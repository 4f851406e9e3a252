"""What `why` takes: nets as instances, classes, functions and files; Learners of fastai; and what it refuses."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from spoton import Task, evaluate
from spoton._run import fingerprint
from spoton.errors import UsageError
from spoton.layers import RangeHead
from spoton.learners import FastaiRegressor, get_learner
from spoton.learners._own_net import OwnNet, fresh, stale
from spoton.tasks import get_task
from spoton.why import Diagnosis, Effect, Study, setting
from spoton.why._subject import module_subject, subject_of
from spoton.why.probes import Joint, TargetScale


def a_table(columns: int = 3, answers: int = 2) -> Task:
    rng = np.random.RandomState(0)
    X = rng.normal(size=(80, columns))
    return Task.from_arrays(f"{columns} columns", X, X[:, :answers] + X[:, 2:3])


class Told(nn.Module):
    """Told what it needs by name."""

    def __init__(self, in_shape: Any, n_out: int, hidden: int = 4) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(math.prod(in_shape), hidden), nn.Linear(hidden, n_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.body(x)
        return found


class Alone(nn.Module):
    """Takes nothing, and knows its sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(3, 2)
        self.shift = nn.Parameter(torch.zeros(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.line(x) + self.shift
        return found


def by_place(shape: Any, outputs: int) -> nn.Module:
    return Told(shape, outputs)


def test_an_instance_gets_fresh_weights_each_time_and_stays_as_it_is() -> None:
    net = Told((3,), 2)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    learner = subject_of(net, a_table()).estimator
    first, second = (evaluate(learner, a_table(), seed, name="mine") for seed in (0, 1))
    assert first.status == second.status == "ok"
    assert first.metrics != second.metrics
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    torch.manual_seed(0)
    one, other = fresh(net), fresh(net)
    assert not torch.equal(one.body[0].weight, other.body[0].weight)  # type: ignore[union-attr, index]


def test_what_cannot_be_reset_is_said() -> None:
    assert stale(Told((3,), 2)) == []
    assert stale(nn.Sequential(nn.MultiheadAttention(4, 2))) == []
    assert stale(Alone()) == ["shift"]
    (note,) = subject_of(Alone(), a_table()).notes
    assert "but for shift" in note
    assert "reset_parameters" in note


@pytest.mark.parametrize("net", [Told, Alone, by_place, Told((3,), 2)])
def test_each_form_is_taken_and_learns(net: Any) -> None:
    subject = subject_of(net, a_table())
    assert not subject.named
    run = evaluate(clone(subject.estimator).set_params(epochs=60, lr=0.05), a_table(), 0)
    assert run.status == "ok", run.reason
    assert run.metrics["valid"]["r2"] > 0.9


def test_limits_are_put_behind_a_net_that_has_none() -> None:
    net = OwnNet(Alone)((3,), 2, y_range=([0.0, 0.0], [1.0, 2.0]))
    assert isinstance(net[1], RangeHead)  # type: ignore[index]
    assert bool((net(100 * torch.ones(4, 3)) <= torch.tensor([1.0, 2.0])).all())
    assert isinstance(OwnNet(Alone)((3,), 2), Alone)


def test_other_code_is_another_learner_and_the_same_is_the_same() -> None:
    prints = [fingerprint(subject_of(net).estimator) for net in (Told, Alone, by_place, Told((3,), 2), Told((3,), 1))]
    assert len(set(prints)) == 5
    assert prints[3] == fingerprint(subject_of(Told((3,), 2)).estimator)  # the weights are made anew anyway
    assert pickle.loads(pickle.dumps(OwnNet(Told)))((3,), 2) is not None


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (Told((3,), 5), r"Told answers two rows in shape \(2, 5\); the answers of 3 columns need \(2, 2\)"),
        (Told((7,), 2), r"Told cannot take inputs of shape \(2, 3\): RuntimeError"),
        (nn.Bilinear, "Bilinear asks for in1_features, in2_features, out_features"),
        (lambda: 5, "gives a int, not a torch module"),
        (5, "or a Learner of fastai, not a int"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(net: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        subject_of(net, a_table())


SOURCE = """
import math
from torch import nn
from beside import WIDTH

class MyNet(nn.Module):
    def __init__(self, in_shape, n_out, hidden=WIDTH):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(math.prod(in_shape), hidden), nn.Linear(hidden, n_out))
    def forward(self, x):
        return self.body(x)

def make(in_shape, n_out):
    return MyNet(in_shape, n_out)

made = MyNet((3,), 2)
small = MyNet((3,), 1)
five = 5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "beside.py").write_text("WIDTH = 4\n")
    (tmp_path / "net.py").write_text(SOURCE)
    return tmp_path / "net.py"


def test_a_net_in_a_file(file: Path) -> None:
    for name in ("MyNet", "make", "made"):
        subject = module_subject(f"{file}:{name}?epochs=2&lr=1e-2", a_table())
        assert subject.name == f"{name}?epochs=2&lr=1e-2"
        assert (subject.estimator.epochs, subject.estimator.lr, subject.estimator.y_range) == (2, 0.01, "none")
        assert evaluate(pickle.loads(pickle.dumps(subject.estimator)), a_table(), 0).status == "ok"
    subject = module_subject(f"{file}:MyNet?hidden=7", a_table())
    assert subject.estimator.net_options == {"hidden": 7}
    before = fingerprint(subject.estimator)
    file.write_text(SOURCE + "\n# another\n")
    assert fingerprint(module_subject(f"{file}:MyNet?hidden=7", a_table()).estimator) != before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("none.py:MyNet", "there is no file .*none.py; --module takes FILE.py:NAME"),
        ("net.py:Mine", "has no Mine; it has MyNet"),
        ("net.py:five", "five in .*net.py is a int, not a torch module"),
        ("net.py", "--module takes FILE.py:NAME"),
        ("net.py:small", r"small answers two rows in shape \(2, 1\)"),
        ("net.py:MyNet?depth=3", "MyNet takes no depth; it takes in_shape, n_out, hidden"),
        ("net.py:MyNet?lr=fast", "lr in --module .* has to be a number, not 'fast'"),
        ("net.py:MyNet?epochs=0", "epochs in --module .* whole number from 1 on"),
        ("net.py:MyNet?epochs", "'epochs' in --module .* is no KEY=VALUE"),
        ("broken.py:MyNet", "broken.py cannot be run: ZeroDivisionError"),
    ],
)
def test_errors_of_a_file_are_one_sentence(file: Path, words: str, said: str) -> None:
    (file.parent / "broken.py").write_text("1 / 0\n")
    with pytest.raises(UsageError, match=said) as caught:
        module_subject(str(file.parent / words), a_table())
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # fastai's own
def test_a_learner_of_fastai_fitted_or_not() -> None:
    import pandas as pd
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.losses import CrossEntropyLossFlat, L1LossFlat
    from fastai.tabular.all import Categorify, Normalize, RegressionBlock, TabularDataLoaders, tabular_learner

    frame = pd.DataFrame(np.random.RandomState(0).normal(size=(60, 3)), columns=list("abc")).assign(y=1.0, k="u")
    held = {"y_names": "y", "procs": [Normalize], "bs": 16, "y_block": RegressionBlock()}
    dls = TabularDataLoaders.from_df(frame, cont_names=list("abc"), **held)
    learn = tabular_learner(dls, layers=[20, 10], y_range=(-3, 3), lr=0.02)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(3)
    subject = subject_of(learn, a_table())
    model = subject.estimator
    assert isinstance(model, FastaiRegressor)
    assert (model.layers, model.normalize, model.y_range, model.batch_size) == ((20, 10), True, (-3.0, 3.0), 16)
    assert (model.epochs, model.schedule, model.lr) == (3, "one-cycle", pytest.approx(0.02, rel=0.1))
    assert "3 epochs (as long as it was fitted)" in subject.notes[0]
    assert evaluate(model, a_table(), 0).status == "ok"

    rows = torch.utils.data.TensorDataset(torch.zeros(8, 3), torch.zeros(8, 2))
    plain = Learner(DataLoaders.from_dsets(rows, rows, bs=4), Told((3,), 2), loss_func=L1LossFlat(), lr=0.01)
    subject = subject_of(plain, a_table())
    assert "without its transforms and callbacks" in subject.notes[0]
    assert (subject.estimator.epochs, subject.estimator.batch_size) == (10, 4)
    assert "L1" in repr(subject.estimator.net)
    assert evaluate(subject.estimator, a_table(), 0).status == "ok"

    plain.loss_func = CrossEntropyLossFlat()
    with pytest.raises(UsageError, match="this Learner classifies"):
        subject_of(plain)
    held["procs"] = [Categorify, Normalize]
    dls = TabularDataLoaders.from_df(frame, cont_names=list("abc"), cat_names=["k"], **held)
    with pytest.raises(UsageError, match=r"has categories \(k\)"):
        subject_of(tabular_learner(dls))


def test_the_code_of_a_combination_runs_on_a_pipeline() -> None:
    name = "featsnet?epochs=30"
    study = Study(get_task("pnist/topleft"), subject_of(name))
    asked = [*list(Joint().changes(study))[:1], *list(TargetScale().changes(study))[:1]]
    asked.append(setting("own", "one epoch", "too many epochs", "epochs", 1))
    together = tuple(study.subject.spelled(change) for change in asked)
    found = Diagnosis("t", name, 0.5, None, (), (), (together, Effect(1.0, 0.9, 1.1, 3)), (), ())
    held: dict[str, Any] = {"learner": get_learner(name)}
    exec(found.code, held)
    values = {full.split("__")[-1]: value for full, value in held["learner"].get_params().items()}
    assert (values["epochs"], values["y_range"]) == (1, "auto")
    assert evaluate(held["learner"], study.task, 0).status == "ok"
