"""The doctor: what is broken is called so, what is there is not, and no check makes it fall ill."""

from __future__ import annotations

import io
import os
import socket
import sqlite3
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import pytest
from servers import Running
from typer.testing import CliRunner

from spoton import doctor
from spoton._run import Run
from spoton.cli import app
from spoton.doctor import Finding, _data, _extras, _imports, _kernels, _packages, _terminal
from spoton.doctor import _store as stores
from spoton.store import Store


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def asked(store: str | None = None) -> Finding:
    return next(iter(stores.check(store)))


def test_a_healthy_machine_works(tmp_path: Path) -> None:
    found = list(doctor.examine(imports=False))
    assert {finding.status for finding in found} <= {"ok", "missing"}, found
    assert {finding.group for finding in found} == {
        *("machine", "packages", "graphics", "extras", "kernels", "data", "store", "terminal")
    }
    assert list(tmp_path.iterdir()) == []  # looking leaves nothing


@pytest.mark.slow
def test_every_package_that_is_here_can_be_imported() -> None:
    found = list(doctor.examine())
    assert not [finding for finding in found if finding.status == "broken"]


def test_a_package_that_breaks_or_kills_is_told_and_the_next_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, code in {
        "fine_one": "print('hello', end='')",
        "raises_one": "raise OSError('undefined\\nsymbol')",
        "ends_one": "raise SystemExit(3)",
        "kills_one": "import os; os.kill(os.getpid(), 9)",
        "fine_two": "",
    }.items():
        (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    found = dict(_imports.tried(["fine_one", "raises_one", "ends_one", "kills_one", "fine_two"]))
    assert found == {
        "fine_one": ("", ""),
        "raises_one": ("OSError: undefined symbol", ""),
        "ends_one": ("SystemExit: 3", ""),
        "kills_one": ("its import ended the process (exit code -9)", ""),
        "fine_two": ("", ""),
    }


def test_a_package_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sleeps_one.py").write_text("import time; time.sleep(60)")
    (tmp_path / "fine_one.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setattr(_imports, "PATIENCE", 10.0)  # a busy machine takes seconds to begin
    found = _imports.tried(["fine_one", "sleeps_one", "fine_one"])
    assert next(found) == ("fine_one", ("", ""))  # told before the next one is known
    assert next(found) == ("sleeps_one", ("its import did not end within 10 s", ""))
    assert list(found) == [("fine_one", ("", ""))]


def test_a_torchvision_for_another_torch_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = "RuntimeError: operator torchvision::nms does not exist"
    monkeypatch.setattr(_packages, "core_imports", lambda: iter([("torchvision", (wrong, ""))]))
    (found,) = [finding for finding in _packages.check(True) if finding.status == "broken"]
    assert found.name == "torchvision"
    assert wrong in found.words
    assert found.advice == "pip install --upgrade torch torchvision"


def test_a_version_that_is_too_old_or_a_package_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_packages, "requirements", lambda: {"skorch": ">=99"})
    monkeypatch.setattr(_packages, "installed", lambda name: name != "jinja2")
    found = {f.name: f for f in _packages.check(False) if f.status == "broken"}
    assert found.keys() == {"skorch", "jinja2"}
    assert found["skorch"].words.endswith("and spoton needs >=99")
    assert found["skorch"].advice == "pip install 'skorch>=99'"
    assert found["jinja2"].words == "it is not installed"


def test_requirements_are_those_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    names = {line.partition(">")[0] for line in project["dependencies"]}
    assert set(_packages.CORE.values()) <= names
    assert _packages.requirements()["torch"] == next(
        line.removeprefix("torch") for line in project["dependencies"] if line.startswith("torch>")
    )


def test_every_extra_says_what_it_is_for() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert set(project["optional-dependencies"]) - {"docs", "dev"} <= set(_extras.FOR)


def test_an_extra_that_is_missing_or_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_extras, "installed", lambda name: name not in ("ray", "xgboost"))
    monkeypatch.setattr(
        _extras, "tried", lambda names: iter((n, ("ImportError: x" if n == "numba" else "", "")) for n in names)
    )
    found = {finding.name: finding for finding in _extras.check(True)}
    assert found["ray"] == Finding(
        "extras", "ray", "missing", "ray not installed; for benches on a Ray cluster", "pip install 'spoton[ray]'"
    )
    assert found["trees"].words.startswith("xgboost not installed")
    assert found["fast"].status == "broken"
    assert "numba (ImportError: x)" in found["fast"].words
    assert found["onnx"].status == "ok"


def test_a_store_that_is_there_is_read_and_left_as_it_was() -> None:
    with Store.open("mine.db") as opened:
        opened.add_many([Run("t", "a", status="ok"), Run("t", "b", status="ok")])
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert asked("mine.db").words == "mine.db (--store): schema 0002, 2 runs"
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_no_store_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked().words == "no spoton.db here yet; the first bench makes it"
    monkeypatch.setenv("SPOTON_STORE", "other.db")
    assert asked().words == "other.db ($SPOTON_STORE) is not there yet; the first bench makes it"
    assert asked().status == "missing"


def test_what_is_no_store() -> None:
    Path("text.db").write_text("this is no database, and it is longer than its head would be" * 20)
    assert asked("text.db").status == "broken"
    sqlite3.connect("others.db").execute("CREATE TABLE t (x)").connection.close()
    assert "no such table" in asked("others.db").words
    sqlite3.connect("empty.db").close()
    assert asked("empty.db").words.endswith("empty")
    assert asked("oracle://x/y").status == "broken"
    assert asked("..").status == "broken"


def test_a_server_that_is_not_there_or_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        gone = asked(f"mysql://me:secret7@127.0.0.1:{port}/runs")
        assert gone.status == "broken"
        assert "secret7" not in gone.words
        taken.listen()  # the system takes the connection, and nobody says a word
        monkeypatch.setattr(stores, "PATIENCE", 0.1)
        began = time.monotonic()
        silent = asked(f"postgresql://me:secret7@127.0.0.1:{port}/runs")
        assert time.monotonic() - began < 10
        assert silent.status == "broken"
        assert "secret7" not in silent.words


def test_a_store_on_a_server(url: str, running: Running) -> None:
    assert asked(url).status == ("missing" if url.endswith(".db") else "ok")
    Store.open(url).close()
    found = asked(url)
    assert found.status == "ok", found
    assert found.words.endswith("schema 0002, 0 runs")


def test_runs_that_wait_are_told() -> None:
    Path("spoton-runs.jsonl").write_text("{}\n")
    assert [finding.name for finding in stores.check(None)] == ["store", "spool"]


def test_damaged_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = bytearray(_data.DIGITS.read_bytes())
    with zipfile.ZipFile(_data.DIGITS) as archive:
        inside = archive.infolist()[0].header_offset + 5000
    damaged[inside] ^= 0xFF
    (tmp_path / "digits.npz").write_bytes(damaged)
    monkeypatch.setattr(_data, "DIGITS", tmp_path / "digits.npz")
    assert next(iter(_data.check())).status == "broken"
    (tmp_path / "digits.npz").unlink()
    assert "cannot be read" in next(iter(_data.check())).words


def test_where_the_full_sets_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> Finding:
        return list(_data.check())[1]

    monkeypatch.setenv("HOME", str(tmp_path))
    assert full().status == "missing"
    (tmp_path / ".cache" / "spoton" / "MNIST").mkdir(parents=True)
    assert "has MNIST" in full().words
    monkeypatch.setenv("SPOTON_DATA", str(tmp_path / "none"))
    assert full().status == "broken"
    monkeypatch.setenv("SPOTON_DATA", str(tmp_path))
    assert "no set was found" in full().words
    (tmp_path / "fashion.npz").touch()
    assert full().words.endswith(": fashion")


def test_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(_kernels, "installed", lambda name: True)
    assert "not compiled yet" in next(_kernels.check()).words
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "a.nbi").touch()
    assert next(_kernels.check()).words == f"1 compiled, in {tmp_path}"
    monkeypatch.setattr(_kernels, "installed", lambda name: False)
    assert next(_kernels.check()).words.startswith("plain torch")


def test_a_terminal_without_unicode_or_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    encoding, colours = _terminal.check()
    assert encoding.status == "missing"
    assert colours.words.startswith("off, as standard output is no terminal")


def test_what_breaks_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(*_: object) -> None:
        raise ZeroDivisionError("of its own")

    assert CliRunner().invoke(app, ["doctor", "--no-imports"]).exit_code == 0
    monkeypatch.setattr(_kernels, "check", falls)
    result = CliRunner().invoke(app, ["doctor", "--no-imports", "-q"])
    assert result.exit_code == 1
    line = next(line for line in result.stdout.splitlines() if "kernels" in line and "broken" in line)
    assert line.endswith("ZeroDivisionError: of its own")
    assert "  ok " not in result.stdout
