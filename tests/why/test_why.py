"""`why` from end to end on small tables, where it is known what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from spoton import Task, get_learner
from spoton.errors import UsageError
from spoton.learners import rename
from spoton.why import Change, Diagnosis, Fact, Probe, setting, why
from spoton.why._render import render
from spoton.why.probes import Optimisation, OutputRange, Reproducibility, TargetScale, probes

NET = "basenet+yrange=none?epochs=20&lr=0.01&batch_size=16&relu=true"


def a_table(offset: float = 0.0, columns: int = 4) -> Task:
    rng = np.random.RandomState(0)
    X = rng.normal(size=(120, columns))
    return Task.from_arrays(f"a table at {offset:g}", X, (X[:, 0] - X[:, 1] + offset)[:, None])


@pytest.fixture(scope="module")
def far_from_zero() -> Diagnosis:
    return why(NET, a_table(500.0), probes=[TargetScale(), OutputRange()], minutes=5)


def test_the_scale_of_the_answers_is_found(far_from_zero: Diagnosis) -> None:
    assert far_from_zero.causes[0] in ("the scale of the answers", "the limits of the outputs")
    best = {change.words: effect for change, effect in far_from_zero.of("helps")}
    assert best["standardise the answers in training"].closed > 0.5
    assert "+ynorm" in far_from_zero.name or "TargetScaler" in far_from_zero.code


def test_the_name_and_the_code_do_what_they_say(far_from_zero: Diagnosis) -> None:
    learner = get_learner(NET)
    held = {"learner": learner}
    exec(far_from_zero.code, held)  # what the user is told to do
    task = a_table(500.0)
    data, split = task.data(), task.split(0)
    train, valid = data.take(split.train), data.take(split.valid)
    held["learner"].fit(train.X, train.y.to_numpy().ravel())
    error = held["learner"].predict(valid.X) - valid.y.to_numpy().ravel()
    assert 1 - (error**2).mean() / valid.y.to_numpy().var() > 0.5


def test_a_healthy_learner_is_left_alone() -> None:
    found = why("linear", a_table())
    assert found.causes == ()
    assert found.code == ""
    assert found.position == pytest.approx(1.0)


def test_the_words_say_no_more_than_was_measured(far_from_zero: Diagnosis) -> None:
    text = "\n".join(str(part) for part in render(far_from_zero))
    assert "consistent with" not in text or "prove" not in text
    assert "Apply it" in text
    frame = far_from_zero.to_frame()
    assert set(frame["verdict"]) <= {"helps", "harms", "no effect", "unclear", "not tested"}
    assert (frame.loc[frame["verdict"] == "helps", "low"] > 0).all()


def test_what_there_is_no_time_for_is_said() -> None:
    found = why(NET, a_table(500.0), probes=[TargetScale(), Optimisation()], minutes=1e-9)
    assert found.measured == ()
    assert len(found.untested) >= 5
    assert found.causes == ()


def test_runs_are_kept_and_found_again(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    first = why(NET, a_table(500.0), probes=[TargetScale()], seeds=2, store=store)
    again = why(NET, a_table(500.0), probes=[TargetScale()], seeds=2, store=store)
    assert [run.id for run in again.runs] == [run.id for run in first.runs]


def test_a_learner_of_one_s_own_and_a_probe_of_one_s_own() -> None:
    class Intercept(Probe):
        """Does it lack an intercept?"""

        name, about = "intercept", "the intercept"

        def look(self, study: object) -> list[Fact]:
            return [Fact(self.name, "seen")]

        def changes(self, study: object) -> list[Change]:
            return [setting(self.name, "fit an intercept", "a missing intercept", "fit_intercept", True)]

    found = why(LinearRegression(fit_intercept=False), a_table(5.0), probes=[Intercept()])
    assert found.causes == ("a missing intercept",)
    assert found.of("helps")[0][1].closed == pytest.approx(1.0)
    assert found.name == ""  # it has none
    assert found.code == "learner.set_params(fit_intercept=True)"


def test_a_class_of_modules_is_taken_and_an_instance_is_refused() -> None:
    import torch

    with pytest.raises(UsageError, match="a class of torch modules, not a Linear"):
        why(torch.nn.Linear(2, 1), a_table())


def test_every_probe_has_a_name_and_a_line() -> None:
    found = probes()
    assert len({probe.name for probe in found}) == len(found) >= 10
    assert all(probe.about for probe in found)


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("net3", {"modifiers": {"ynorm": ""}}, "net3+ynorm"),
        ("net3+ynorm?lr=0.1", {"options": {"lr": "0.2"}}, "net3+ynorm?lr=0.2"),
        ("net3@pts+ynorm", {"modifiers": {"ynorm": None}}, "net3@pts"),
        ("net3", {"features": ("pts", "pix")}, "net3@pts+pix"),
        ("resnet18", {"features": ("pts",)}, None),  # it takes images
        ("mean", {"options": {"lr": "0.2"}}, None),
    ],
)
def test_renaming(name: str, changes: dict[str, object], expected: str | None) -> None:
    assert rename(name, **changes) == expected  # type: ignore[arg-type]


def test_the_command_says_it_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from spoton.cli import app

    monkeypatch.chdir(tmp_path)
    a_table().data().X.assign(y=a_table(500.0).data().y.to_numpy().ravel()).to_csv("t.csv", index=False)
    words = ["why", "linear", "--table", "t.csv", "--target", "y", "--seeds", "2", "--jobs", "1", "--json", "w.json"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    assert "linear is 100 % of the way" in shown.output
    assert "Nothing that was tried" in shown.output
    assert (tmp_path / "w.json").read_text().startswith("[")
    refused = CliRunner().invoke(app, ["why", "linear"])
    assert refused.exit_code != 0


class Restless(LinearRegression):
    """Answers that no seed fixes."""

    def predict(self, X: object) -> np.ndarray:
        noise = np.random.default_rng().normal(size=len(X))  # type: ignore[arg-type]
        found: np.ndarray = super().predict(X) + noise
        return found


def test_a_learner_that_no_seed_fixes_is_told() -> None:
    for learner, words in ((Restless(), "are not to be compared"), (LinearRegression(), "to the last digit")):
        found = why(learner, a_table(), probes=[Reproducibility()], seeds=2)
        assert words in found.facts[0].words
