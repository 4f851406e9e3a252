"""The house is in order: light imports, whole exports, documented names, one file one idea."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import spoton

SOURCE = Path(spoton.__file__).parent
MODULES = sorted(
    m.name for m in pkgutil.walk_packages([str(SOURCE)], "spoton.") if not m.name.endswith(("__main__", "make_digits"))
)
HEAVY = ("torch", "sklearn", "pandas", "numpy", "matplotlib", "fastai", "scipy", "sqlalchemy", "alembic")


def loaded_by(code: str) -> set[str]:
    out = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in out.stdout.split()}


def test_a_bare_import_loads_nothing_heavy() -> None:
    assert not loaded_by("import spoton") & {*HEAVY, "typer", "rich"}


@pytest.mark.parametrize("words", [["--help"], ["bench", "--help"], ["store", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = f"""
import spoton.cli
sys.argv = ['spoton', *{words}]
sys.stdout, kept = open('/dev/null', 'w'), sys.stdout
try:
    spoton.cli.main()
except SystemExit as stop:
    assert not stop.code
sys.stdout = kept"""
    assert not loaded_by(code) & set(HEAVY)


def test_tasks_load_neither_torch_nor_fastai() -> None:
    assert not loaded_by("from spoton import get_task; get_task('pnist/topleft').data()") & {
        "torch",
        "fastai",
    }


def test_a_report_loads_no_torch() -> None:
    assert not loaded_by("import spoton.report._write") & {"torch", "fastai", "matplotlib"}


def test_learners_load_fastai_only_when_it_is_used() -> None:
    assert "fastai" not in loaded_by("from spoton import get_learner; get_learner('fastai-vision')")


def test_every_export_is_there_and_listed() -> None:
    for name in spoton.__all__:
        assert getattr(spoton, name).__doc__, name
    assert set(spoton.__all__) == set(spoton._HOMES)
    assert set(spoton.__all__) <= set(dir(spoton))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        spoton.nothing  # noqa: B018


def test_functions_are_not_hidden_by_modules_of_the_same_name() -> None:
    for name in MODULES:
        importlib.import_module(name)
    assert callable(spoton.evaluate)
    assert callable(spoton.bench)
    assert callable(spoton.recorded)


@pytest.mark.parametrize("name", MODULES)
def test_public_things_are_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    for key, thing in vars(module).items():
        own = getattr(thing, "__module__", None) == name and not key.startswith("_")
        if own and (inspect.isclass(thing) or inspect.isfunction(thing)):
            assert inspect.getdoc(thing), f"{name}.{key} has no docstring"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_rooms_are_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    tree = ast.parse(text)
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)) or path.parent.name == "testing", (
        f"{path.name} uses assert; users deserve an error of spoton.errors"
    )


@pytest.mark.parametrize("name", ["spoton.frames", "spoton.tasks._task", "spoton._told"])
def test_examples_in_docstrings_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert not result.failed


def test_embedded_data_is_small_and_attributed() -> None:
    data = SOURCE / "tasks" / "_data"
    assert (data / "digits.npz").stat().st_size < 2_000_000
    assert "CC BY-SA 3.0" in (data / "ATTRIBUTION.md").read_text()
