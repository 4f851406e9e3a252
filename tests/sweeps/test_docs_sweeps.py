"""What docs/sweeps.md says is true: its commands name what exists, its Python runs."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from spoton import get_task
from spoton.metrics import all_metrics
from spoton.sweeps import Range
from spoton.sweeps._family import Family
from spoton.sweeps._plan import IN_MID_FIT
from spoton.sweeps._space import parse

PAGE = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_name_what_exists(command: str) -> None:
    _, _, task, learner, *words = shlex.split(command)
    get_task(task)
    pairs = list(pairwise(words))
    space = parse(value for option, value in pairs if option == "--param")
    Family(learner).check(space)
    assert all(value in all_metrics() for option, value in pairs if option == "--metric")
    if "grid" in words:
        assert space.size == 24 == len(re.findall(r"^\|.*`(?:pts6|pts|pix\+pts)`.*\|$", PAGE, re.MULTILINE))


def test_parameters_of_the_table_are_read() -> None:
    rows = re.findall(r"^\| `([@+\w]+(?:=[^`]*)?)` \| `(\"[^`]*)`", PAGE, flags=re.MULTILINE)
    assert len(rows) == 8
    for word, python in rows:
        given = eval(f"{{{python}}}", {"Range": Range})
        one, other = parse(given).parts, parse([word]).parts
        assert {key: part.values() for key, part in one.items()} == {key: part.values() for key, part in other.items()}


def test_metrics_that_are_scored_in_mid_fit_are_listed() -> None:
    sentence = PAGE.partition("scored in mid-fit (")[2].partition(")")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == set(IN_MID_FIT)


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(code, {})
    assert "ridge" in capsys.readouterr().out
    assert Path("sweep.png").exists()
