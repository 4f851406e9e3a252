"""A diagnosis is kept, drawn, shown in a notebook and on the report page; it is whole without a network."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes

from spoton import Run, plots
from spoton.errors import DataError
from spoton.report import write, write_why
from spoton.report._why_draw import picture
from spoton.store import Store
from spoton.why import Change, Diagnosis, Effect, Fact, Picture
from spoton.why._effect import in_order
from spoton.why._keep import document, keep, kept

NASTY = "</script><img src=x onerror=\"document.title='caught'\"> & '"
GREY = tuple(tuple(round((i + j) / 12, 2) for j in range(8)) for i in range(6))
PICTURES = (
    Picture("curve", "R2 by layer", "layer", "R2", ("input", "conv1", "head"), (0.2, None, 0.8), (), ()),
    Picture("bars", "error by class", "class", "error", (0, 1, 2), (0.5, 0.2, 0.9), (0.4, 0.1, 0.8), (0.6, 0.3, 1.0)),
    Picture("table", "shapes", columns=("layer", "shape"), rows=(("conv1", "(8, 13, 13)"), ("head", "(2,)"))),
    Picture("image", "what it looks at", rows=GREY),
)


def change(words: str, cause: str = "a cause") -> Change:
    return Change("a-probe", words, cause, lambda estimator: estimator, f"learner.set_params(x={words!r})")


def a_diagnosis(learner: str = "net3", words: str = "standardise the answers", fault: bool = False) -> Diagnosis:
    facts = [Fact("layers", f"seen {p.title}", picture=p) for p in PICTURES] + [Fact("bounds", "a plain fact")]
    facts += [Fact("frames", "x and y swapped", fault=True, advice="swap x and y")] if fault else []
    measured = (
        (change(words, "the scale"), Effect(0.93, 0.9, 0.96, 3)),
        (replace(change("a linear part beside the net"), bypass=True), Effect(0.5, 0.4, 0.6, 3)),
        (change("four times the epochs"), Effect(0.3, -0.9, 2.5, 3)),
        (change("batches of 16"), Effect(0.2, 0.1, 0.3, 3, beyond=True)),
        (change("clip the columns"), Effect(0.0, -0.01, 0.01, 3)),
        (change("lr 1"), Effect(-0.8, -0.9, -0.7, 3)),
        (change("orthogonal weights"), Effect(0.1, -math.inf, math.inf, 1)),
    )
    run = Run("friedman1", learner, 0, status="ok", metrics={"valid": {"r2": 0.5}}, train_size=560)
    run.finished = "2026-01-02T03:04:05.000000Z"
    return Diagnosis(
        "friedman1", learner, 0.62, 0.1, tuple(facts), measured, None, (change("not tried"),), (run,), 12.0,
        failed=((change("broken"), "ValueError: no"),),
    )  # fmt: skip


def test_it_is_kept_beside_the_run_and_replaced(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        found = a_diagnosis()
        assert not keep(store, found)  # its run is not there
        assert kept(store) == []
        store.add_many(found.runs)
        assert keep(store, found)
        assert keep(store, found)
        (held,) = kept(store)
        assert kept(store, ["another"]) == []
        assert held == json.loads(json.dumps(document(found))) | {"made": held["made"]}
        store.add_artifact(found.runs[0], "why.json", b'{"version": 99}', "application/json")
        assert kept(store) == []
        store.add_artifact(found.runs[0], "why.json", b"no json", "application/json")
        assert kept(store) == []


def test_the_document_is_plain_json() -> None:
    odd = Fact(
        "p", "w", picture=Picture("curve", "t", x=(1.0,), y=(float("nan"),), rows=((np.float64(1), np.int64(2)),))
    )
    text = json.dumps(document(Diagnosis("t", "l", 0.0, None, (odd,), (), None, (), ())), allow_nan=False)
    assert json.loads(text)["facts"][0]["picture"]["y"] == [None]
    changes = document(a_diagnosis())["changes"]
    assert [held["verdict"] for held in changes] == ["helps"] * 2 + ["unclear"] * 2 + ["no effect", "harms", "unclear"]
    assert [held["bypass"] for held in changes] == [False, True] + [False] * 5
    assert changes[-1]["low"] is None


def test_the_order_stops_after_the_second_that_is_not_confirmed() -> None:
    good, bad, one = Effect(0.5, 0.4, 0.6, 3), Effect(0.1, -0.1, 0.3, 3), Effect(0.5, -math.inf, math.inf, 1)
    found = in_order([good, bad, one, good, bad, good])
    assert [effect.verdict for effect in found] == ["helps", "unclear", "unclear", "helps", "unclear", "unclear"]
    assert [effect.beyond for effect in found] == [False] * 5 + [True]


def axes(dark: bool = False) -> Axes:
    ax: Axes = plots.canvas(dark=dark).axes[0]
    return ax


def test_the_forest_plot() -> None:
    frame = a_diagnosis().to_frame()
    ax = plots.change_effects(axes(), frame)
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == [
        "standardise the answers",
        "a linear part beside the net",
    ]
    assert len(ax.get_yticks()) == 7  # those that were measured
    low, high = ax.get_xlim()
    assert -1.1 < low < -0.9
    assert high < 1.8  # an interval that reaches far does not press the others together
    with pytest.raises(DataError, match="no change was measured"):
        plots.change_effects(axes(), frame[frame["closed"].isna()])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("shown", PICTURES, ids=lambda held: held.kind)
def test_each_kind_of_picture_is_drawn(shown: Picture, dark: bool) -> None:
    ax = plots.fact_picture(axes(dark), shown)
    assert ax.get_title(loc="left") == shown.title
    ax.figure.canvas.draw()


def test_pictures_that_are_none_are_refused() -> None:
    for wrong in (
        Picture("curve", "t"),
        Picture("bars", "t", x=(1,), y=()),
        Picture("image", "t"),
        Picture("table", "t"),
    ):
        with pytest.raises(DataError):
            plots.fact_picture(axes(), wrong)
    assert picture({"kind": "curve", "title": "t"}) is None
    assert picture({"kind": "more", "x": [1], "y": [1], "low": [], "high": []}) is None


def test_a_notebook_shows_words_and_pictures() -> None:
    found = a_diagnosis(words="a < b")
    html = found._repr_html_()
    assert html.count('src="data:image/png') == 5
    assert "consistent with" in html
    assert "a &lt; b" in html
    assert set(found.pictures()) == {"effects", *(held.title for held in PICTURES)}


def test_the_page_of_one_diagnosis(tmp_path: Path) -> None:
    write_why(a_diagnosis(learner=f"net{NASTY}", fault=True), tmp_path / "why.html")
    text = (tmp_path / "why.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert "<script" not in text
    assert "<img" not in text
    assert set(re.findall(r"https?://[^\s\"'\\<)]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert "style=" not in text  # the policy takes none
    for words in (
        *("The data look wrong:", "consistent with: the scale", "a way around, whatever the cause: a cause"),
        *("90 % to 96 %", "no test", "no longer counted"),
    ):
        assert words in text, words
    assert text.count('role="img"') == 4  # the scale, and three pictures; the table is one
    with pytest.raises(DataError, match="no such folder"):
        write_why(a_diagnosis(), tmp_path / "none" / "why.html")


def test_the_report_has_them_and_stays_small(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        for i in range(60):
            found = a_diagnosis(f"net{i}{NASTY}")
            store.add_many(found.runs)
            keep(store, found)
        packed = write(store, tmp_path / "r.html", size=600_000)
        whole = write(store, tmp_path / "whole.html")
    assert 3 < len(packed.whys) < 60 == len(packed.whys) + packed.whys_left
    text = (tmp_path / "r.html").read_text()
    assert len(text) < 640_000
    assert f"{packed.whys_left} older left out" in text
    assert "<img" not in text
    assert (len(whole.whys), whole.whys_left) == (60, 0)
    assert (tmp_path / "whole.html").stat().st_size < 3_000_000
