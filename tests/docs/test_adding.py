"""The pages on adding something: each example is whole, passes the checks of its family, and is found by itself."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spoton import evaluate
from spoton.testing import check_learner, check_metric, check_task

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def added(page: str, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The file of the page as a module, and its names in the room's `__init__`, as the export lines have them."""
    code, exports = blocks(page)[:2]
    path = re.match(r"# src/(\S+)\.py\n", code)
    assert path is not None
    module = types.ModuleType(path.group(1).replace("/", "."))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, page, "exec", dont_inherit=True), module.__dict__)
    room = re.match(r"# src/(\S+)/__init__\.py\n", exports)
    assert room is not None
    for source, name, as_name in re.findall(r"^from (\S+) import (\w+) as (\w+)$", exports, flags=re.MULTILINE):
        assert source == module.__name__
        target = importlib.import_module(room.group(1).replace("/", "."))
        monkeypatch.setattr(target, as_name, getattr(module, name), raising=False)
    return module


def test_a_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    added("adding-a-learner.md", monkeypatch)
    from spoton import get_learner

    check_learner(get_learner("huber"))
    run = evaluate("huber@pts+ynorm?epsilon=1.1", "pnist/topleft", train_size=200)
    assert run.status == "ok", run.reason
    assert run.metrics["valid"]["hit"] > 0.9


def test_a_net_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    code = blocks("adding-a-learner.md")[2]
    exec(code, {})
    assert capsys.readouterr().out.strip() == code.rpartition("# ")[2].strip()


def test_a_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    module = added("adding-a-metric.md", monkeypatch)
    check_metric(module.HIT3)
    values = evaluate("mean", "pnist/topleft").metrics["valid"]
    assert values["hit1"] < values["hit3"] < 1


def test_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    added("adding-a-task.md", monkeypatch)
    from spoton import get_task, task_names

    assert task_names()["crosses"] == "the pixel where they cross"
    check_task(get_task("crosses?size=40"))
    assert evaluate("oracle", "crosses").metrics["valid"]["hit"] == 1


def test_a_layer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    module = added("adding-a-layer.md", monkeypatch)
    code = blocks("adding-a-layer.md")[2]
    exec(code, {})
    assert capsys.readouterr().out.strip() == code.rpartition("# ")[2].strip()
    logits = torch.randn(2, 3, 5, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module.NearInk(2), (logits,))
    for extreme in (1000.0, -1000.0):
        assert module.near_logits(torch.full((5, 7), extreme)).isfinite().all()
        assert module.near_logits(torch.full((5, 7), extreme, dtype=torch.bfloat16)).isfinite().all()
    none = (1 - torch.sigmoid(logits)).unfold(2, 3, 1).unfold(3, 3, 1).flatten(-2).prod(-1)
    inner = torch.sigmoid(module.near_logits(logits))[..., 1:-1, 1:-1]
    assert torch.allclose(inner, 1 - none)


def test_a_probe_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = added("adding-a-probe.md", monkeypatch)
    from spoton import get_learner
    from spoton.why.probes import probes

    assert any(isinstance(probe, module.Depth) for probe in probes())
    for name, count in (("forest?max_depth=2", 1), ("forest", 0), ("linear", 0)):
        subject = types.SimpleNamespace(estimator=get_learner(name))
        study = types.SimpleNamespace(subject=subject, train=range(80))
        changes = list(module.Depth().changes(study))
        assert len(changes) == len(list(module.Depth().look(study))) == count
        for change in changes:
            assert change.rewrite(name) == "forest?max_depth=30"


@pytest.mark.slow
@pytest.mark.parametrize("page", ["adding-a-learner.md", "adding-a-task.md"])
def test_its_command_runs(page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from spoton.cli import app

    added(page, monkeypatch)
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    # in this process, where the room has the new member
    result = CliRunner().invoke(app, [*shlex.split(command)[1:], "--jobs", "1", "--seeds", "1"])
    assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_a_probe_of_ones_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    module = added("adding-a-probe.md", monkeypatch)
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "adding-a-probe.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```py\n(.*?)```", text, flags=re.DOTALL)
    exec(code, {"Depth": module.Depth})
    assert capsys.readouterr().out.strip() == code.rpartition("# ")[2].strip()


def test_the_checks_of_ones_own() -> None:
    (code,) = blocks("adding.md")
    exec(code, {})
