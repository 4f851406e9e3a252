"""The notebooks for people of fastai run from their first cell to their last, and reach what their text says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
FAILURE = EXAMPLES / "40_from_failure_to_exact.ipynb"
POINTS = EXAMPLES / "41_your_own_points.ipynb"


@pytest.mark.parametrize("notebook", [FAILURE, POINTS], ids=lambda path: path.stem)
def test_they_are_kept_without_outputs_and_places(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    cells = json.loads(text)["cells"]
    for cell in cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    for word in ("/home", "/tmp", "/work", "/Users", "127.0.0.1"):
        assert word not in text
    assert "%pip install" in "".join(cells[1]["source"])  # where nothing is installed


def said(notebook: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """What the cells print, and the number of their pictures."""
    for package in ("nbclient", "ipykernel"):
        pytest.importorskip(package, reason=f"{package} is not installed; pip install 'spoton[dev]'")
    import nbformat
    from nbclient import NotebookClient

    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    read = nbformat.read(notebook, as_version=4)
    NotebookClient(read, timeout=900, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    parts: list[Any] = [part for cell in read.cells for part in cell.get("outputs", ())]
    text = "".join(part.get("text", "") for part in parts if part.get("name") == "stdout")
    return text, sum("image/png" in part.get("data", {}) for part in parts)


def number(pattern: str, text: str) -> float:
    """The one group of the pattern."""
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in {text}"
    return float(found[1])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the packages that run notebooks
def test_from_failure_to_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, pictures = said(FAILURE, tmp_path, monkeypatch)
    assert pictures == 2
    assert 10 < number(r"ResNet18, valid: .* off, (\d+)% exact", text) < 60
    assert number(r"ResNet18, valid: R2 (\S+),", text) > 0.5
    assert number(r"right answer moves by (\S+) pixels", text) >= 1
    assert number(r"ResNet18 moves by (\S+) pixels", text) < 0.3
    assert number(r"SpotNet, 39 parameters, valid: (\S+)% exact", text) >= 99
    assert number(r"without the pixel its answer moves by (\S+) pixels", text) >= 1
    assert number(r"on 112 x 112: (\S+)% exact", text) >= 99
    assert number(r"fastai, R2: .* valid (\S+)\n", text) < 0.5
    assert number(r"with scale_target: train (\S+),", text) > 0.9
    assert number(r"with scale_target: .* valid (\S+)\n", text) < 0.8
    assert "columns ['answer_0', 'answer_1', 'answer_2', 'answer_3'] of ['answer_0'" in text
    assert number(r"SpotTable, valid: R2 (\S+)\n", text) > 0.9999
    assert number(r"with these columns and scale_target, valid: R2 (\S+)\n", text) > 0.98
    assert number(r"loaded under another order: R2 (\S+)\n", text) < 0.5
    assert "four.pth was saved with its columns in another order" in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the packages that run notebooks
def test_your_own_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, pictures = said(POINTS, tmp_path, monkeypatch)
    assert pictures == 3
    assert "and inside as (row, column); a point is (x, y): return (column, row)" in text
    assert "points are (x, y) in pixels of the image as it is read, before any resizing" in text
    assert "image (80, 64) map of ResNet18 (3, 2) cells" in text
    first, last = (float(share) for share in re.findall(r"valid: .* off, (\S+)% exact", text))
    assert first < 50
    assert last >= 95
    assert number(r"100 new photos: (\S+) pixels off", text) < 0.2
    assert number(r"100 new photos: .* off, (\d+)% exact", text) >= 95
    assert len((tmp_path / "pixel.csv").read_text().splitlines()) == 1 + 8
