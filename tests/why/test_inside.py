"""What is seen inside a net: nets that are made to have a fault are named with the layer, sound ones are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spoton import Task
from spoton.learners import FastaiRegressor, TorchRegressor
from spoton.why import Fact, Probe, Study
from spoton.why._alter import Altered, batch_norms, dropouts, group_norm, no_dropout, zero_head
from spoton.why._descent import in_range
from spoton.why._inside import inside
from spoton.why._stages import stages
from spoton.why._subject import subject_of
from spoton.why.probes import Gradients, Information, Modes

BLAMES = ("consistent with", "vanish", "explode", "does not read", "another net", "no layer holds", "trained through")
LOOKING = (Gradients, Information, Modes)


def a_table(centre: float = 0.0) -> Task:
    rng = np.random.RandomState(0)
    X = rng.normal(size=(320, 6))
    return Task.from_arrays(f"a table at {centre:g}", X + centre, (X[:, 0] - X[:, 1])[:, None])


def a_study(net: Any, task: Task | None = None, **options: Any) -> Study:
    learner = TorchRegressor(net=net, **{"epochs": 30, "lr": 0.01, "batch_size": 32, "y_range": "none", **options})
    study = Study(task or a_table(), subject_of(learner), seconds=1000)
    study.run([study.subject.pair()], [0])
    assert study.base, study.runs[0].reason
    return study


def words_of(probe: type[Probe], study: Study) -> str:
    return "\n".join(fact.words for fact in probe().look(study))


def changes_of(probe: type[Probe], study: Study) -> dict[str, Any]:
    return {change.words: change for change in probe().changes(study)}


class Plain(nn.Module):
    """Three layers with names; a fault is put between the first two."""

    def __init__(self, in_shape: Sequence[int] = (6,), n_out: int = 1, y_range: Any = None) -> None:
        super().__init__()
        self.first = nn.Linear(in_shape[0], 32)
        self.between = self.fault()
        self.second = nn.Linear(self.width, 32)
        self.head = nn.Linear(32, n_out)

    width = 32

    def fault(self) -> nn.Module:
        return nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(torch.relu(self.second(torch.relu(self.between(self.first(x))))))
        return out


class Dead(Plain):
    """All units of the second layer are far below 0."""

    def __init__(self, in_shape: Sequence[int] = (6,), n_out: int = 1, y_range: Any = None) -> None:
        super().__init__(in_shape, n_out)
        nn.init.constant_(self.second.bias, -100.0)


class HalfDead(Plain):
    """24 of 32 units of the first layer are."""

    def __init__(self, in_shape: Sequence[int] = (6,), n_out: int = 1, y_range: Any = None) -> None:
        super().__init__(in_shape, n_out)
        with torch.no_grad():
            self.first.bias[:24] = -100.0


class Forgetful(nn.Module):
    """The first two columns, which hold the answer, are lost on the way."""

    def __init__(self, in_shape: Sequence[int] = (6,), n_out: int = 1, y_range: Any = None) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(in_shape[0])
        self.keep = Tail()
        self.hidden = nn.Sequential(nn.Linear(4, 32), nn.ReLU())
        self.head = nn.Linear(32, n_out)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.hidden(self.keep(self.scale(x))))
        return out


class Tail(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[:, 2:]


class Dropping(Plain):
    def fault(self) -> nn.Module:
        return nn.Dropout(0.9)


class Lagging(Plain):
    def fault(self) -> nn.Module:
        return nn.BatchNorm1d(32, momentum=0.001)


class Noise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 0.1 * torch.randn_like(x)


class Noisy(Plain):
    def fault(self) -> nn.Module:
        return Noise()


class Deep(nn.Sequential):
    """Sigmoids one after the other: of each at most a quarter of the gradient comes back."""

    def __init__(self, in_shape: Sequence[int] = (6,), n_out: int = 1, y_range: Any = None) -> None:
        layers: list[nn.Module] = [nn.Linear(in_shape[0], 16)]
        for _ in range(10):
            layers += [nn.Sigmoid(), nn.Linear(16, 16)]
        super().__init__(*layers, nn.Linear(16, n_out))


def test_a_sound_net_is_not_accused() -> None:
    study = a_study(Plain)
    for probe in LOOKING:
        said = words_of(probe, study)
        assert not any(blame in said for blame in BLAMES), said
    assert changes_of(Modes, study) == {}
    found = inside(study)
    assert found is not None
    assert (found.epochs, found.when, len(found.train)) == (30, "", 256)
    assert found.module is not None
    assert found.score(found.module.eval(), found.valid) == pytest.approx(1 - study.base[0] ** 2, abs=1e-5)


def test_a_sound_net_with_batch_normalisation_is_not_accused() -> None:
    class Normalised(Plain):
        def fault(self) -> nn.Module:
            return nn.BatchNorm1d(32)

    study = a_study(Normalised, a_table(5.0))
    said = "\n".join(words_of(probe, study) for probe in LOOKING)
    assert not any(blame in said for blame in BLAMES), said
    assert changes_of(Modes, study) == {}


@pytest.mark.parametrize(("net", "share", "layer"), [(Dead, 100, "second"), (HalfDead, 75, "first")])
def test_dead_units_are_named_with_their_layer(net: type[nn.Module], share: int, layer: str) -> None:
    study = a_study(net, epochs=3)
    said = [fact for fact in Gradients().look(study) if "dead units" in fact.words]
    assert len(said) == 2  # before and after
    assert all(fact.words.startswith(f"{share} % of the units of {layer} get no gradient") for fact in said)
    assert "begin with orthogonal weights and biases of 0" in changes_of(Gradients, study)


def test_gradients_that_vanish_are_named() -> None:
    said = words_of(Gradients, a_study(Deep, epochs=2))
    assert "at the start they vanish on the way from 21 back to 0" in said


def test_the_layer_that_loses_the_answer_is_named() -> None:
    study = a_study(Forgetful)
    said = words_of(Information, study)
    assert "consistent with the answer lost at keep" in said
    curve = next(f.picture for f in Information().look(study) if f.picture is not None and f.picture.kind == "curve")
    assert curve.x == ("input", "scale", "keep", "hidden.0", "hidden.1", "head")


def test_a_head_that_does_not_read_is_told_from_a_backbone_that_does_not_find() -> None:
    said = words_of(Information, a_study(Plain, lr=1e-6, epochs=1))
    assert "the features hold the answer, and the head does not read it" in said


def test_the_shapes_of_a_forward_pass() -> None:
    facts: list[Fact] = list(Information().look(a_study(Plain, epochs=1)))
    table = facts[0].picture
    assert table is not None
    assert table.rows[0] == ("input", "", "6", 0)
    assert table.rows[1] == ("first", "Linear", "32", 6 * 32 + 32)


def test_dropout_is_named_and_can_be_taken_out() -> None:
    study = a_study(Dropping)
    assert "trained through dropout of up to 0.9 (between)" in words_of(Modes, study)
    change = changes_of(Modes, study)["drop nothing"]
    model = change.apply(study.subject.estimator)
    assert dropouts(model.net((6,), 1)) == []
    assert dropouts(Dropping()) != []


def test_running_statistics_that_lag_are_named() -> None:
    study = a_study(Lagging, a_table(50.0), epochs=5, batch_size=8)
    assert "running statistics of batch normalisation that are off" in words_of(Modes, study)
    found = changes_of(Modes, study)
    assert len(found) == 2
    made = [batch_norms(change.apply(study.subject.estimator).net((6,), 1)) for change in found.values()]
    assert [[part.momentum for part in parts] for parts in made] == [[0.1], []]


def test_noise_in_evaluation_is_named() -> None:
    said = words_of(Modes, a_study(Noisy))
    assert "consistent with randomness in evaluation mode, first in between" in said


def test_small_last_batches_are_told_where_there_is_batch_normalisation() -> None:
    words = "the last batch of each epoch has 2 rows"
    for net, there in ((Forgetful, True), (Plain, False)):
        assert (words in words_of(Modes, a_study(net, batch_size=127, epochs=1))) == there  # 256 = 2 * 127 + 2


def test_rows_that_fastai_leaves_out_are_told() -> None:
    study = a_study(Plain, epochs=1)
    for size, left in ((200, 56), (128, 0)):  # of 256 rows
        subject: Any = SimpleNamespace(model=FastaiRegressor(batch_size=size), start=Plain())
        said = [fact.words for fact in Modes()._batches(study, subject)]
        assert [f"leaves out {left} of 256 rows" in words for words in said] == [True] * bool(left)


def test_a_learner_without_a_net_has_no_inside() -> None:
    study = Study(a_table(), subject_of("linear"), seconds=1000)
    assert inside(study) is None
    assert all(not list(probe().look(study)) and not list(probe().changes(study)) for probe in LOOKING)


def test_without_time_nothing_is_trained() -> None:
    study = a_study(Plain, epochs=1)
    study.deadline = 0.0
    assert inside(study) is None


def test_a_net_that_fails_is_looked_at_before_its_first_step() -> None:
    learner = TorchRegressor(net=Plain, epochs=2, lr=1e30, y_range="none")
    study = Study(a_table(), subject_of(learner), seconds=1000)
    study.run([study.subject.pair()], [0])
    found = inside(study)
    assert found is not None
    assert found.module is None
    assert "at the start" in words_of(Gradients, study)
    assert "clip the gradient of each tensor of weights to a norm of 1" in changes_of(Gradients, study)


def test_changed_nets_have_no_address_in_their_name_and_keep_what_they_are_asked() -> None:
    net = Altered(Altered("BaseNet", zero_head), no_dropout)
    assert repr(net) == "Altered(Altered('BaseNet', spoton.why._alter.zero_head), spoton.why._alter.no_dropout)"
    module = net((6,), 2, hidden=5)
    assert module(torch.ones(3, 6)).tolist() == [[0.0, 0.0]] * 3
    assert [tuple(weights.shape) for weights in module.parameters()] == [(5, 6), (5,), (2, 5)]
    swapped = nn.Sequential(nn.Conv2d(1, 48, 3), nn.BatchNorm2d(48), nn.Sequential(nn.BatchNorm1d(10)))
    group_norm(swapped)
    assert [part.num_groups for part in swapped.modules() if isinstance(part, nn.GroupNorm)] == [16, 1]


def test_the_range_in_which_a_loss_falls() -> None:
    rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    found = in_range(rates, [1.0, 1.0, 0.9, 0.2, 4.0])
    assert (found.low, found.high, found.suggested) == (1e-4, 1e-3, 1e-4)  # a loss is of the rate one step before
    assert [found.place(lr) for lr in (1e-6, 2e-3, 1e-2)] == ["below", "within", "above"]
    assert in_range(rates, [1.0, 1.1, 2.0]).low is None


def test_a_net_of_many_layers_is_cut_into_a_dozen() -> None:
    class Long(nn.Sequential):
        def __init__(self, in_shape: Sequence[int] = (6,), n_out: int = 1, y_range: Any = None) -> None:
            super().__init__(*[nn.Linear(6, 6) for _ in range(40)], nn.Linear(6, n_out))

    found = inside(study := a_study(Long, epochs=1))
    assert study.base
    assert found is not None
    names = [stage.name for stage in stages(found, found.start)]
    assert len(names) == 14
    assert (names[0], names[-1]) == ("0", "40")
