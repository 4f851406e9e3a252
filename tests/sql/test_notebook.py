"""The notebook runs from its first cell to its last, on MariaDB and without any server, and says what is true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from servers import Running

NOTEBOOK = Path(__file__).parents[2] / "examples" / "30_sql.ipynb"


@pytest.fixture
def few() -> None:
    """All digits here: the notebook runs in a process of its own."""


def test_it_is_kept_without_outputs_and_places() -> None:
    text = NOTEBOOK.read_text()
    for cell in json.loads(text)["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    for word in ("/home", "/tmp", "/work", "/Users", "127.0.0.1"):
        assert word not in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the packages that run notebooks
@pytest.mark.parametrize("kind", ["mariadb", "sqlite"])
def test_it_works_the_problem(kind: str, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("nbclient", "ipykernel"):
        pytest.importorskip(package, reason=f"{package} is not installed; pip install 'spoton[dev]'")
    import nbformat
    from nbclient import NotebookClient

    if kind == "mariadb":
        monkeypatch.setenv("SPOTON_SQL_URL", running["mariadb"].url())
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # for the notebook, not for a server of another user
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=500, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    said = "".join(part.get("text", "") for cell in notebook.cells for part in cell.get("outputs", ()))
    assert f"709 images, 103,609 pixels, in {kind}" in said
    assert "equal to the answers in all 709 images: True" in said
    assert "pts: equal (709 images x 72 columns)" in said
    assert "hits: topleft 100.0%, center 100.0%" in said
    assert "pts22_" in said
    assert "s3cr" not in json.dumps(notebook)
    pictures = [
        part["data"]["image/png"]
        for cell in notebook.cells
        for part in cell.get("outputs", ())
        if "image/png" in part.get("data", {})
    ]
    assert len(pictures) == 2
    Path(tmp_path / "done.ipynb").write_text(nbformat.writes(notebook))
