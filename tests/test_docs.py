"""What README and docs say is true: their code runs, their names exist, their tables agree with the program."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from spoton import task_names
from spoton.learners import FEATURE_NAMES, MODIFIERS, check_learner
from spoton.tasks import families, get_task
from spoton.tasks._qnist import KIND_OF_DIGIT

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
TASKS = (ROOT / "docs" / "tasks.md").read_text()
LEARNERS = (ROOT / "docs" / "learners.md").read_text()


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
    code, table = blocks(README, "python")
    assert len(code.splitlines()) <= 13
    exec(code, {})
    assert "(709, 1, 28, 28)" in capsys.readouterr().out
    exec(table, {})
    assert capsys.readouterr().out == "least squares on 2 columns [ True False  True] [7. 3.]\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_readme_name_what_exists(command: str) -> None:
    from spoton.cli import app

    words = shlex.split(command)
    commands = {info.name or info.callback.__name__ for info in app.registered_commands}  # type: ignore[union-attr]
    assert words[1] in commands
    for word in words[2:]:
        if "/" in word and not word.endswith(("/", ".csv", ".npz")):
            get_task(word)
    if "--learners" in words:
        for name in words[words.index("--learners") + 1].split(","):
            check_learner(name)


def test_every_name_in_the_docs_exists() -> None:
    for name in re.findall(r"`((?:pnist|qnist|lists|columns)/[^`]*)`", README + TASKS + LEARNERS):
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


def test_the_examples_of_layers_md_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    use, hardening = blocks((ROOT / "docs" / "layers.md").read_text(), "python")
    names: dict[str, object] = {}
    exec(use, names)
    assert names["loss"].item() > 0  # type: ignore[attr-defined]
    exec(hardening, names)
    assert (tmp_path / "topleft.pt2").exists()
    printed = capsys.readouterr().out
    for part in hardening.rpartition("# ")[2].strip().split(" ... "):
        assert part in printed


LAYER_PAGES = {path.name: path.read_text() for path in sorted((ROOT / "docs" / "layers").glob("*.md"))}
USES = [(name, i, code) for name, text in LAYER_PAGES.items() for i, code in enumerate(blocks(text, "python"))]


def test_every_layer_has_its_page() -> None:
    from spoton import layers

    lines = [line for text in LAYER_PAGES.values() for line in text.splitlines() if line.startswith(("#", "|"))]
    named = set(re.findall(r"`(\w+)`", "\n".join(lines)))
    assert set(layers.__all__) <= named, sorted(set(layers.__all__) - named)
    index = (ROOT / "docs" / "layers.md").read_text()
    for name in LAYER_PAGES:
        assert f"(layers/{name})" in index, name


@pytest.mark.parametrize("name", LAYER_PAGES)
def test_pages_of_layers_are_complete(name: str) -> None:
    """Each layer says its formula, its shapes and its limits, and is used once."""
    head, *sections = re.split(r"^## ", LAYER_PAGES[name], flags=re.MULTILINE)
    for section in sections:
        title = section.partition("\n")[0]
        for word in ("**Formula**", "**Shape**"):
            assert word in section, f"{name}: {title} has no {word}"
        limits = ("**Limits**", "**Ties**", "**Empty", "**Background**")  # the head says those of the whole page
        assert any(word in head + section for word in limits), f"{name}: {title} has no limits"
        (use,) = blocks(section, "python")
        lines = [line for line in use.splitlines() if line and not line.startswith(("import ", "from "))]
        assert len(lines) <= 5, f"{name}: the use of {title} has {len(lines)} lines"


@pytest.mark.parametrize(("name", "i", "code"), USES, ids=[f"{name[:-3]}-{i}" for name, i, _ in USES])
def test_uses_of_layers_run(name: str, i: int, code: str) -> None:
    """They run, and the shapes in their comments are true."""
    import torch

    torch.manual_seed(0)
    names: dict[str, object] = {}
    exec(code, names)
    for variable, shape in re.findall(r"^(\w+) = .*  # \(([\d, ]*)\)$", code, flags=re.MULTILINE):
        found = tuple(names[variable].shape)  # type: ignore[attr-defined]
        assert found == tuple(int(size) for size in shape.split(",") if size.strip()), variable


def test_the_page_on_misses_is_what_was_measured() -> None:
    """Its table comes from the nets that were trained, and its pictures are there, and small."""
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "make_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    page = made.PAGE.read_text()
    assert made.filled(page, made.nets()) == page
    for name in made.PICTURES:
        assert f"(img/{name}.png)" in page, name
        assert (made.IMAGES / f"{name}.png").stat().st_size < 150_000


def test_links_lead_somewhere() -> None:
    for name in (
        "README.md",
        "docs/tasks.md",
        "docs/learners.md",
        "docs/layers.md",
        "docs/adding.md",
        "docs/pictures.md",
        "docs/why-nets-miss.md",
        *(f"docs/layers/{page}" for page in LAYER_PAGES),
        "benchmarks/recorded.md",
    ):
        text = (ROOT / name).read_text()
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("http"):
                assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"
