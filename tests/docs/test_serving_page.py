"""The code of docs/serving.md: it runs, and prints what the page says."""

from __future__ import annotations

import json
import re
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spoton import fit_model, get_task
from spoton.cli import app
from spoton.export import export_model
from spoton.models import Model
from spoton.serving import Limits, make_app

TEXT = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.fixture(scope="module")
def model() -> Model:
    return fit_model("pnist/topleft", "linear@pts")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    digit = np.rint(255 * np.asarray(get_task("pnist/topleft").data().X)[0, 0]).astype(np.uint8)
    Image.fromarray(digit).save("photo.png")


def printed(code: str, names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Run it; its last line says what it prints. The learner here is another, and right to 14 digits."""
    capsys.readouterr()
    exec(code, names)
    said, wanted = capsys.readouterr().out.strip(), code.rpartition("# ")[2].strip()
    number = r"\d+\.\d*"
    assert re.sub(number, "N", said) == re.sub(number, "N", wanted)
    assert np.allclose(*([float(text) for text in re.findall(number, words)] for words in (said, wanted)))


@pytest.mark.slow
def test_the_files_answer_as_the_page_says(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    export_model(model, ["topleft.onnx", "topleft.pt2"])
    names: dict[str, Any] = {}
    for code in PYTHON[:2]:
        printed(code, names, capsys)


@pytest.fixture
def address(model: Model) -> Iterator[str]:
    import uvicorn

    from spoton.serving._server import bind

    listening = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(make_app(model, Limits(workers=1)), log_level="error"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(30)
    listening.close()


def test_the_client_of_the_page(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed(PYTHON[2].replace("http://127.0.0.1:8676", address), {}, capsys)


def test_the_answer_of_the_page(model: Model) -> None:
    from spoton.serving._app import answer

    (shown,) = re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)
    held, wanted = answer(model, Path("photo.png").read_bytes(), "image/png", Limits()), json.loads(shown)
    assert list(held) == list(wanted)
    assert np.allclose(held["answers"], wanted["answers"])


def test_commands_and_limits_are_those_that_there_are() -> None:
    from typer.main import get_command

    commands: Any = get_command(app)
    for line in re.findall(r"^spoton .*$", TEXT, flags=re.MULTILINE):
        words = shlex.split(line, comments=True)
        options = [o for p in commands.commands[words[1]].params for o in p.opts]
        assert {word for word in words if word.startswith("-")} <= set(options), line
    limits = Limits()
    for said in (f"| {limits.bytes // 2**20} MiB |", f"| {limits.rows} |", f"| {limits.waiting} |", "| 256 MiB |"):
        assert said in TEXT
    assert (limits.pixels, limits.seconds, limits.held) == (2**22, 30, 256 * 2**20)
    served = {option for p in commands.commands["serve-model"].params for option in p.opts}
    assert set(re.findall(r"\| `(--[\w-]+)` \|", TEXT)) <= served
