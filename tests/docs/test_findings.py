"""Findings, limits, benchmarks: no figure that stands in no table, no table that is newer than its page."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DOCS, BENCHMARKS = ROOT / "docs", ROOT / "benchmarks"
LINK = re.compile(r"\]\(benchmarks\.md#([\w-]+)\)")
FIGURE = re.compile(r"(?<![\w.])[-+]?\d+\.\d[\de+-]*(?: ± [\d.]+)?|(?<![\w.])\d+ of \d+(?![\d.])")


@pytest.fixture(scope="module")
def page_script() -> ModuleType:
    """benchmarks/page.py, which is no package."""
    spec = importlib.util.spec_from_file_location("benchmarks_page", BENCHMARKS / "page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def test_the_page_of_benchmarks_is_up_to_date(page_script: ModuleType) -> None:
    written = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    assert written == page_script.page(), "docs/benchmarks.md is older than a table: python benchmarks/page.py"


def test_each_table_has_its_place_and_its_line(page_script: ModuleType) -> None:
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    names = [table.name for table in page_script.tables()]
    assert len(names) == len(list(BENCHMARKS.glob("*.md")))
    for name in names:
        assert text.count(f'<a id="{name}"></a>') == 1
        assert text.count(f"](#{name}) |") == 1


def statements() -> list[tuple[str, str, str]]:
    """(page, the words before a link to a table, that table) of findings.md and limits.md."""
    found = []
    for page in ("findings.md", "limits.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for unit in re.split(r"\n\n|\n- |\n\|", text):
            for cell in unit.split(" | "):
                before = 0
                for link in LINK.finditer(cell):
                    found.append((page, cell[before : link.start()], link.group(1)))
                    before = link.end()
    return found


@pytest.mark.parametrize(("page", "words", "table"), statements())
def test_every_figure_stands_in_its_table(page: str, words: str, table: str) -> None:
    text = " ".join((BENCHMARKS / f"{table.replace('-', '_')}.md").read_text(encoding="utf-8").split())
    for figure in FIGURE.findall(words):
        assert figure in text, f"{page}: {figure} does not stand in benchmarks/{table}.md"


def test_there_are_figures_to_check() -> None:
    assert sum(len(FIGURE.findall(words)) for _, words, _ in statements()) > 50
