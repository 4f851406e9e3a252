"""What README and docs say is true: their code runs, their names exist, their tables agree with the program."""

from __future__ import annotations

import re
import shlex
import sys
import types
from pathlib import Path

import pytest

from spoton import evaluate, task_names
from spoton.learners import FEATURE_NAMES, MODIFIERS, check_learner
from spoton.learners._assemble import assemble
from spoton.tasks import families, get_task
from spoton.tasks._qnist import KIND_OF_DIGIT

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
TASKS = (ROOT / "docs" / "tasks.md").read_text()
LEARNERS = (ROOT / "docs" / "learners.md").read_text()
ADDING = (ROOT / "docs" / "adding.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


COMMANDS = [
    part.partition("#")[0].strip()
    for block in blocks(README, "sh")
    for line in block.splitlines()
    for part in line.split(";")
    if part.strip().startswith("spoton ")
]


@pytest.mark.slow
def test_the_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks(README, "python")
    assert len(code.splitlines()) <= 13
    exec(code, {})
    assert "(709, 1, 28, 28)" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_readme_name_what_exists(command: str) -> None:
    from spoton.cli import app

    words = shlex.split(command)
    commands = {info.callback.__name__ for info in app.registered_commands}  # type: ignore[union-attr]
    assert words[1] in commands
    for word in words[2:]:
        if "/" in word and not word.endswith(("/", ".csv", ".npz")):
            get_task(word)
    if "--learners" in words:
        for name in words[words.index("--learners") + 1].split(","):
            check_learner(name)


def test_every_name_in_the_docs_exists() -> None:
    for name in re.findall(r"`((?:pnist|qnist|columns)/[^`]*)`", README + TASKS + LEARNERS):
        get_task(name)
    for task in task_names():
        assert f"`{task}`" in TASKS, task
    for option in {key for family in families() for key in family.options}:
        assert f"`{option}=" in TASKS, option
    for word in (*FEATURE_NAMES, *(f"+{m}" for m in MODIFIERS)):
        assert f"`{word}" in LEARNERS, word


def test_the_table_of_kinds_is_the_one_in_use() -> None:
    table = dict(re.findall(r"^\| (\d) \| (\w+) \|", TASKS, flags=re.MULTILINE))
    assert {int(digit): kind for digit, kind in table.items()} == KIND_OF_DIGIT


def test_the_learner_of_adding_md_works() -> None:
    code = blocks(ADDING, "python")[0]
    module = types.ModuleType("huber")
    sys.modules["huber"] = module
    exec(code, module.__dict__)
    run = evaluate(assemble("huber@pts", [module.HUBER]), "pnist/topleft", train_size=200)
    assert run.metrics["valid"]["hit"] > 0.9


def test_the_example_of_layers_md_runs() -> None:
    (code,) = blocks((ROOT / "docs" / "layers.md").read_text(), "python")
    names: dict[str, object] = {}
    exec(code, names)
    assert names["loss"].item() > 0  # type: ignore[attr-defined]


def test_links_lead_somewhere() -> None:
    for name in (
        "README.md",
        "docs/tasks.md",
        "docs/learners.md",
        "docs/layers.md",
        "docs/adding.md",
        "benchmarks/recorded.md",
    ):
        text = (ROOT / name).read_text()
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("http"):
                assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"
