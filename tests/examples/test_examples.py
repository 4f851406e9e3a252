"""Each example runs from its first cell to its last, in an empty folder, and says what its page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import make_examples
import nbformat
import pytest
from servers import Running
from what_they_say import CLAIMS, PICTURES

SOURCES = {source.stem: source for source in make_examples.sources()}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the packages that run notebooks
]


def run(stem: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Any]:
    """What an example says, and its notebook with the outputs."""
    for package in ("nbclient", "ipykernel"):
        pytest.importorskip(package, reason=f"{package} is not installed; pip install 'spoton[dev]'")
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TMPDIR", str(folder))
    held = make_examples.execute(make_examples.notebook(SOURCES[stem]), folder, seconds=900)
    return make_examples.said(held), held


def checked(stem: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Any]:
    """The same, after its claims were looked at."""
    text, held = run(stem, folder, monkeypatch)
    CLAIMS[stem](text)
    pictures = [out for cell in held.cells for out in cell.get("outputs", ()) if "image/png" in out.get("data", {})]
    assert len(pictures) == PICTURES[stem]
    return text, held


@pytest.mark.parametrize("stem", [stem for stem in SOURCES if stem[:2] not in ("30", "31", "41")])
def test_it_runs_and_says_what_its_page_says(stem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(stem, tmp_path, monkeypatch)


def test_your_own_points_keep_their_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked("41_your_own_points", tmp_path, monkeypatch)
    assert len((tmp_path / "pixel.csv").read_text().splitlines()) == 1 + 8


@pytest.mark.parametrize("kind", ["mariadb", "sqlite"])
@pytest.mark.parametrize(
    ("stem", "variable"), [("30_sweeps_and_store", "SPOTON_STORE"), ("31_sql", "SPOTON_SQL_URL")], ids=["30", "31"]
)
def test_those_of_databases_run_on_a_server_and_without(
    stem: str, variable: str, kind: str, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "mariadb":
        monkeypatch.setenv(variable, running["mariadb"].url())
    text, held = checked(stem, tmp_path, monkeypatch)
    assert re.search(rf"in {kind}\b", text)
    assert "s3cr" not in json.dumps(held)  # nobody reads the password
    (tmp_path / "done.ipynb").write_text(nbformat.writes(held))  # and it is a notebook that can be kept
