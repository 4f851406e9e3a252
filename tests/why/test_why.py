"""`why` from end to end on small tables, where it is known what is wrong."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from spoton import Task, get_learner
from spoton.errors import UsageError
from spoton.learners import rename
from spoton.report import write_why
from spoton.store import Store
from spoton.why import Change, Diagnosis, Fact, Probe, Study, setting, why
from spoton.why._keep import kept
from spoton.why._render import render
from spoton.why._subject import subject_of
from spoton.why._why import CONFIRMED
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
    assert set(frame["verdict"]) <= {"helps", "harms", "no effect", "unclear", "not tested", "failed"}
    assert (frame.loc[frame["verdict"] == "helps", "low"] > 0).all()


def test_what_there_is_no_time_for_is_said(tmp_path: Path) -> None:
    found = why(NET, a_table(500.0), probes=[TargetScale(), Optimisation()], minutes=1e-9)
    assert found.measured == ()
    assert len(found.untested) >= 5
    assert found.causes == ()
    assert "Nothing was tried, the time was over" in "\n".join(str(part) for part in render(found))
    write_why(found, tmp_path / "why.html")
    assert "Nothing was tried, the time was over" in (tmp_path / "why.html").read_text()


def test_figures_far_below_the_mean_answer_are_told_as_they_are() -> None:
    study = Study(a_table(500.0), subject_of("basenet+yrange=none?epochs=1"), seeds=[0])
    study.run([study.subject.pair()])
    (fact,) = Optimisation().look(study)
    held = study.runs[0].metrics["valid"]["r2"]
    assert held < -1000  # an error is cut off at 2, which would be an R2 of -3
    assert f"on held-out rows {held:.3f}" in fact.words


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


class Broken(LinearRegression):
    """Takes no scaled answers."""

    def fit(self, X: object, y: np.ndarray) -> LinearRegression:
        if abs(y.mean()) < 1:
            raise RuntimeError("no such answers")
        return super().fit(X, y)


def test_a_change_that_breaks_the_learner_is_told_as_such_and_does_no_harm() -> None:
    found = why(Broken(fit_intercept=False), a_table(500.0), probes=[TargetScale()], seeds=3)
    (change, reason) = found.failed[0]
    assert change.words == "standardise the answers in training"
    assert reason == "RuntimeError: no such answers"
    assert not found.of("harms")
    assert found.to_frame()["verdict"].tolist().count("failed") == len(found.failed)
    assert "Could not be tried" in "\n".join(str(part) for part in render(found))


class Noisy(LinearRegression):
    """As good as its seed."""

    def __init__(self, salt: int = 0, offset: int = 0, random_state: int | None = None) -> None:
        super().__init__()
        self.salt, self.offset, self.random_state = salt, offset, random_state

    def predict(self, X: object) -> np.ndarray:
        found: np.ndarray = super().predict(X)
        random = np.random.RandomState([self.salt, self.offset, self.random_state or 0])
        # as much off as the seed will have it
        return found + 0.5 * np.exp(0.2 * random.normal()) * random.normal(size=found.shape)


class Useless(Probe):
    """Twenty changes of the seed, which change nothing."""

    name, about = "useless", "other seeds of the learner"

    def changes(self, study: Study) -> list[Change]:
        return [setting(self.name, f"seed {i}", f"cause {i}", "offset", i, group=str(i)) for i in range(1, 21)]


@pytest.mark.slow
def test_of_useless_changes_few_are_called_helpful() -> None:
    """At most one diagnosis in ten names any of twenty; each one alone would be named in one of twenty."""
    named, changes = 0, 0
    for i in range(20):
        rng = np.random.RandomState(i)
        X = rng.normal(size=(60, 2))
        found = why(Noisy(i), Task.from_arrays(f"table {i}", X, X[:, :1] - X[:, 1:]), probes=[Useless()], minutes=5)
        assert len(found.measured) == 20
        assert {effect.seeds for _, effect in found.measured} == {3}
        named += bool(found.of("helps"))
        changes += len(found.of("helps"))
    assert named <= 4  # of 20 at 10 %: more than that has a probability of 4 %
    assert changes <= 0.02 * 20 * 20


def test_an_interrupt_keeps_what_was_measured(tmp_path: Path) -> None:
    def stop(words: str, done: float, left: float) -> None:
        assert 0 <= done <= 1
        if "on the other seeds (1" in words and done > 0.56:
            raise KeyboardInterrupt

    found = why(NET, a_table(500.0), probes=[TargetScale()], store=tmp_path / "s.db", on_step=stop)
    assert found.interrupted
    assert found.measured
    assert "Interrupted" in "\n".join(str(part) for part in render(found))
    with Store.open(tmp_path / "s.db") as store:
        assert [held["interrupted"] for held in kept(store)] == [True]

    def at_once(words: str, done: float, left: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        why(NET, a_table(500.0), on_step=at_once)


def test_progress_grows_and_time_runs_out() -> None:
    steps: list[tuple[str, float, float]] = []
    why(NET, a_table(500.0), probes=[TargetScale()], seeds=3, on_step=lambda *step: steps.append(step))
    assert all(before[2] >= after[2] for before, after in pairwise(steps))
    assert all(0 <= done <= 1 for _, done, _ in steps)
    assert steps[-1][1] >= CONFIRMED
    assert any("on one seed" in words for words, _, _ in steps)


@pytest.mark.slow
def test_processes_find_the_same(far_from_zero: Diagnosis) -> None:
    found = why(NET, a_table(500.0), probes=[TargetScale(), OutputRange()], minutes=5, engine="loky", jobs=2)
    assert found.to_frame().equals(far_from_zero.to_frame())
    with pytest.raises(UsageError, match="takes no address"):
        why(NET, a_table(), engine="loky", address="tcp://x:1")


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
    words = ["why", "linear", "--table", "t.csv", "--target", "y", "--seeds", "3", "--jobs", "1", "--json", "w.json"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    assert "linear is 100 % of the way" in shown.output
    assert "There is no gap to the oracle that a change could close" in shown.output
    assert "out of time" not in shown.output
    assert (tmp_path / "w.json").read_text().startswith("[")
    for wrong in (["why"], ["why", "linear"], ["why", "friedman1", "linear", "--module", "a.py:B"]):
        refused = CliRunner().invoke(app, wrong)
        assert "one task and one learner" in str(refused.exception), wrong


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


def test_the_command_takes_a_file_and_writes_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from spoton.cli import app

    monkeypatch.chdir(tmp_path)
    a_table().data().X.assign(y=a_table().data().y.to_numpy().ravel()).to_csv("t.csv", index=False)
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\ndef net(in_shape, n_out):\n    return nn.Linear(in_shape[0], n_out)\n"
    )
    data = ["--table", "t.csv", "--target", "y", "--minutes", "0.05", "--jobs", "1", "--engine", "serial"]
    shown = CliRunner().invoke(app, ["why", "--module", "net.py:net?epochs=1", *data, "--html", "why.html"])
    assert shown.exit_code == 0, shown.output
    assert "why net?epochs=1 misses t" in shown.output
    page = (tmp_path / "why.html").read_text()
    assert "<h1>Why" in page
    assert "<script" not in page
    missing = CliRunner().invoke(app, ["why", "--module", "none.py:net", *data])
    assert "there is no file none.py" in str(missing.exception)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("spoton.why.why", interrupted)
    stopped = CliRunner().invoke(app, ["why", "linear", *data])
    assert stopped.exit_code == 130
    assert "interrupted before" in stopped.output
