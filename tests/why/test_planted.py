"""Planted faults: the cases are what they say, and the diagnosis names them."""

from __future__ import annotations

import pytest

from spoton.testing import RIGHT, planted
from spoton.why import why
from spoton.why.probes import probes


def test_cases_of_a_seed() -> None:
    cases = planted(3)
    assert len({case.name for case in cases}) == len(cases)
    assert sum(bool(case.faults) for case in cases) == 30
    assert sum(not case.faults for case in cases) == 10
    for faulty in (True, False):
        frameworks = {case.framework for case in cases if bool(case.faults) == faulty}
        assert frameworks == {"scikit-learn", "torch", "fastai"}
    assert {fault for case in cases for fault in case.faults} == set(RIGHT)
    assert {probe for right in RIGHT.values() for probe, _ in right} <= {probe.name for probe in probes()}


def test_a_seed_draws_the_same_cases_again() -> None:
    first, again, other = planted(4), planted(4), planted(5)
    names = [case.learner for case in first if isinstance(case.learner, str)]
    assert names == [case.learner for case in again if isinstance(case.learner, str)]
    assert names != [case.learner for case in other if isinstance(case.learner, str)]


def test_which_cause_is_right() -> None:
    both = next(case for case in planted(0) if len(case.faults) == 2)
    assert {both.right((probe, "")) for probe in ("target-scale", "input-scale", "joint")} == {*both.faults, ""}
    slow = next(case for case in planted(0) if case.faults == ("small learning rate",))
    assert slow.right(("optimisation", "a learning rate that is too low"))
    assert not slow.right(("optimisation", "a learning rate that is too high"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["superfluous columns, scikit-learn", "narrow output range, torch", "few epochs, fastai", "offset, "]
)
def test_planted_faults_are_named_first(name: str) -> None:
    case = next(case for case in planted(0) if case.name.startswith(name))
    found = why(case.learner, case.task, minutes=1.5, jobs=2)
    assert case.right(found.named[0]) == case.faults[0]


@pytest.mark.slow
def test_clean_learners_are_not_accused() -> None:
    for case in planted(0):
        if case.name.startswith(("clean: linear", "clean: ridge")):
            assert why(case.learner, case.task, minutes=1, jobs=2).named == ()
