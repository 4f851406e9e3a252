"""What tasks, runs, histories, sweeps and diagnoses look like in notebooks: small, escaped, in the page's colour."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoton import Task, _html, get_task
from spoton._run import Run
from spoton.history import History
from spoton.why import Diagnosis

BAD = "<script>alert('x')</script>\"onload=alert(1)"
VOID = {"image", "circle", "polyline", "img"}


class Parsed(HTMLParser):
    """Tags and texts; every tag that is opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(thing: Any) -> Parsed:
    html = thing._repr_html_()
    assert len(html) < 30_000
    found = Parsed(html)
    assert "script" not in found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    links = [value or "" for name, value in found.attributes if name in ("src", "href")]
    assert all(link.startswith("data:image/png;base64,") for link in links)
    return found


def run(name: str = "t") -> Run:
    metrics = {"valid": {"r2": 0.5, "hit": float("nan")}, "train": {"r2": 1.0}}
    counts = {"train": 80, "valid": 20}
    return Run(name, name, 3, status="ok", metrics=metrics, rows_of=counts, parameters=12_345, notes=[name, name])


def test_a_task_tells_what_it_is_and_loads_nothing() -> None:
    task = Task("t", "about it", lambda: pytest.fail("loaded"), kind="number", ceiling="noise", support=("a", "b"))
    text = parsed(task).text
    assert all(word in text for word in ("about it", "noise", "a, b"))


def test_a_loaded_task_shows_its_images_with_rings_where_the_points_are() -> None:
    images = np.zeros((6, 3, 20, 30), np.uint8)
    points = pd.DataFrame({"tip_x": np.arange(6) + 4, "tip_y": np.arange(6) * 2})
    found = parsed(Task.from_arrays("own", images, points))
    assert found.tags.count("image") == found.tags.count("circle") == 5
    rings = [float(value or 0) for name, value in found.attributes if name in ("cx", "cy")]
    assert rings == [v + 0.5 for row in points.to_numpy()[:5] for v in row]  # the centre of a pixel, on edges from 0
    assert ("viewbox", "0 0 30 20") in found.attributes
    assert "tip_x 4, tip_y 0" in found.text


def test_large_images_are_made_small() -> None:
    images = np.random.RandomState(0).randint(0, 256, (3, 900, 1200), np.uint8)
    assert len(Task.from_arrays("own", images, np.array([[1, 2], [3, 4], [5, 9]]))._repr_html_()) < 100_000


def test_tables_and_classes() -> None:
    task = get_task("columns/perfect")
    assert "table" in parsed(task).tags
    task.data()
    text = parsed(task).text
    assert "rows" in text
    assert "..." in text  # of 804 columns
    digits = get_task("pnist/digit")
    digits.data()
    assert parsed(digits).tags.count("image") == 5


def test_a_run() -> None:
    text = parsed(run()).text
    assert "t on t, seed 3" in text
    assert "trainvalid" in text
    assert "r210.5" in text
    assert "12,345" in text
    assert parsed(Run("t", "l", reason="it declined")).text == "l on t, seed 0statusfailedwhyit declined"


def test_a_history_and_its_curves() -> None:
    history = History([{"train_loss": 4.0, "note": "words"}, {"train_loss": 1.0, "valid_mse": 2.5}])
    found = parsed(history)
    assert "2 epochs, 1 fit" in found.text
    assert "train_loss411" in found.text
    assert found.tags.count("polyline") == 1  # valid_mse has one value
    assert "0 epochs" in parsed(History()).text


def test_curves_are_bounded_and_rise_where_values_do() -> None:
    html = _html.curve([float(v) for v in range(1, 5000)])
    points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", html)]
    assert len(points) <= 122
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert points[-1] == (119, 2)
    assert all(0 <= x <= 120 and 0 <= y <= 22 for x, y in points)
    assert _html.curve([float("nan"), 1.0]) == ""
    assert "polyline" in _html.curve([2.0, 2.0, -1.0])


def test_nothing_of_users_becomes_a_tag() -> None:
    bad = Task.from_table(pd.DataFrame({BAD: [1, 2, 3], "y": [1, 2, 4]}), "y", BAD)
    pictures = Task.from_arrays(
        BAD, np.zeros((3, 8, 9), np.uint8), pd.DataFrame({f"{BAD}_x": [1, 2, 3], f"{BAD}_y": 1})
    )
    diagnosis = Diagnosis(BAD, BAD, 0.5, None, (), (), None, (), (), trouble=BAD)
    for thing in (bad, pictures, run(BAD), History([{BAD: 1.0}, {BAD: 2.0}]), diagnosis):
        assert "alert('x')" in parsed(thing).text


def test_long_texts_are_cut() -> None:
    assert len(parsed(Run("t", "l", reason="x" * 9000)).text) < 600


@pytest.mark.parametrize(
    "thing", [run(), History([{"a": 1.0}, {"a": 2.0}]), get_task("pnist/top")], ids=["r", "h", "t"]
)
def test_text_has_the_colour_of_the_page(thing: Any) -> None:
    styles = [value or "" for name, value in parsed(thing).attributes if name == "style"]
    assert not [style for style in styles if re.search(r"(?<![-\w])color:(?!inherit)|background:(?!none)", style)]


def test_a_sweep(tmp_path: Any) -> None:
    from spoton import sweep

    words = {"sampler": "grid", "seeds": 1, "store": str(tmp_path / "s.db"), "studies": str(tmp_path / "s.jsonl")}
    found = parsed(sweep("linear/dense", "ridge", ["alpha=1,10"], jobs=1, **words))
    assert "ridge on linear/dense" in found.text
    assert "2 by grid, 2 completed" in found.text
    assert "seeds that chose nothing" in found.text
