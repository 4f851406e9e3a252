"""The page on tables is true: its code prints what it says, its tables are those measured, its pictures are there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "tables.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture(scope="module")
def made() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_table_pictures", DOCS / "make_table_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("i", range(len(BLOCKS)))
def test_the_code_runs_and_prints_what_it_says(i: int, capsys: pytest.CaptureFixture[str]) -> None:
    exec(BLOCKS[i], {})
    said = re.findall(r"^ *print\(.*\)  # (.*)$", BLOCKS[i], flags=re.MULTILINE)
    assert said
    assert capsys.readouterr().out.splitlines() == said


def test_the_tables_are_what_was_measured(made: ModuleType) -> None:
    assert made.filled(PAGE, made.measured()) == PAGE
    for name in made.TABLES:
        assert f"<!-- {name} -->" in PAGE


def test_the_pictures_are_there_and_small(made: ModuleType) -> None:
    for name in made.PICTURES:
        assert f"(img/{name}.png)" in PAGE, name
        assert (made.IMAGES / f"{name}.png").stat().st_size < 150_000


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        if not target.startswith("http"):
            assert (DOCS / target).exists(), target


def test_the_figures_of_the_questions_are_those_of_the_benchmark() -> None:
    """Each figure of the answers stands in table_questions.md."""
    answers = PAGE.partition("## The questions of 2020")[2]
    measured = (DOCS.parent / "benchmarks" / "table_questions.md").read_text()
    for figure in re.findall(r"-?\d?\.\d{3}\b", answers):
        assert figure in measured or figure.replace(".", "0.", 1) in measured, figure
