"""The page on fastai is true: its code runs, and plain fastai and ours print what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import spoton.fastai
from spoton.fastai._quiet import quietly

PAGE = (Path(__file__).parents[2] / "docs" / "fastai.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


NUMBER = re.compile(r"-?[\d.]+")


def said(code: str) -> list[str]:
    """What a block prints: comments behind `print(...)`, and those that have a line for themselves at its end."""
    behind = re.findall(r"^ *print\(.*\)  # (.*)$", code, flags=re.MULTILINE)
    return behind or re.findall(r"^# (.*)$", code, flags=re.MULTILINE)


@pytest.mark.slow
def test_the_code_runs_and_prints_what_it_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "page"}
    for code in BLOCKS:
        capsys.readouterr()
        with quietly():
            exec(code, names)
        printed = capsys.readouterr().out.splitlines()
        assert len(printed) == len(said(code)), code
        for line, expected in zip(printed, said(code), strict=True):
            if NUMBER.fullmatch(expected):  # other machines train to other digits
                assert float(line) == pytest.approx(float(expected), rel=0.3), code
            else:
                assert line == expected, code


def test_everything_has_its_entry() -> None:
    for name in spoton.fastai.__all__:
        assert f"`{name}" in PAGE, name
    headings = {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-")
        for line in re.findall(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= headings
