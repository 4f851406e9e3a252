"""Pictures that were kept beside runs: on their page, within its size, and what is left out is said."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from report_runs import NASTY, made
from test_write import data_of

from spoton.report import write
from spoton.report._live import Live
from spoton.report._pictures import EACH, PART, hang, shrunk
from spoton.report._source import mark
from spoton.store import Store

DOCS = (Path(__file__).parents[2] / "docs" / "report.md").read_text()


def noise(wide: int, tall: int, seed: int = 0) -> bytes:
    """A picture that packs badly."""
    made = io.BytesIO()
    grey = np.random.RandomState(seed).randint(0, 256, (tall, wide, 3), dtype=np.uint8)
    Image.fromarray(grey).save(made, "PNG")
    return made.getvalue()


def drawing(**texts: str) -> bytes:
    figure, packed = Figure(figsize=(3, 2)), io.BytesIO()
    figure.subplots().plot([1, 3, 2])
    figure.savefig(packed, format="png", metadata=texts)
    return packed.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """Three seeds of one learner."""
    with Store.open(tmp_path / "s.db") as opened:
        opened.add_many(made("friedman1", "linear", seed, 1.0) for seed in range(3))
        yield opened


def test_what_fits_stays_as_it_is(store: Store, tmp_path: Path) -> None:
    run = store.runs()[1]
    data = drawing(Title="ROC", Description="A line")
    for name, held in (("b.png", data), ("sweep.png", drawing()), ("why.txt", b"no picture")):
        store.add_artifact(run, name, held, "image/png" if name.endswith("png") else "text/plain")
    write(store, tmp_path / "r.html")
    held = data_of(tmp_path / "r.html")
    (first, second) = held["runs"][run.id]["kept"]
    assert [held["pool"][i] for i in first[:3]] == ["ROC", "A line", "b.png"]
    assert base64.b64decode(first[3]) == data
    assert first[4:] == [300, 200, ""]
    title, words, name = (held["pool"][i] for i in second[:3])
    assert (title, name) == ("The sweep that chose this learner", "sweep.png")
    assert words.startswith("Trials of the sweep: the score of each")
    assert "less" not in held["runs"][run.id]
    assert [name for name, record in held["runs"].items() if "kept" in record] == [run.id]


def test_what_is_large_is_reduced_and_that_is_said() -> None:
    data = noise(600, 200)
    small = shrunk(data, 80_000)
    assert small is not None
    assert len(small.data) <= 80_000 < len(data)
    assert re.fullmatch(r"128 colours(?: and \d+ of 600 pixels across)?; in the store it has 361 kB", small.note)
    assert Image.open(io.BytesIO(small.data)).size[0] >= 480
    assert (small.wide, small.tall) == (600, 200)
    nothing = shrunk(data, 1_000)
    assert nothing is not None
    assert nothing.data == b""


def test_a_clear_background_is_white() -> None:
    packed = io.BytesIO()
    pixels = np.random.RandomState(0).randint(0, 256, (200, 200, 4), dtype=np.uint8)
    pixels[:100] = 0
    Image.fromarray(pixels).save(packed, "PNG")
    small = shrunk(packed.getvalue(), 60_000)
    assert small is not None
    assert Image.open(io.BytesIO(small.data)).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"x" * 300, drawing()[:500]])
def test_what_is_no_picture_is_said(store: Store, data: bytes) -> None:
    run = store.runs()[0]
    store.add_artifact(run, "odd.png", data, "image/png")
    found = hang(store, [run.id], 1_000_000)[run.id]
    assert found.pictures == []
    assert found.left == ["odd.png (1 kB) is no picture that can be shown"] or not data
    assert not found.less


def test_a_huge_picture_is_not_opened() -> None:
    wide = drawing()
    huge = wide[:16] + (60_000).to_bytes(4, "big") * 2 + wide[24:]
    found = shrunk(huge, 10_000_000)
    assert found is not None
    assert found.data == b""


def test_many_large_pictures_keep_the_page_small(store: Store, tmp_path: Path) -> None:
    runs = store.runs()
    for run in runs:
        for i in range(3):
            store.add_artifact(run, f"{i}.png", noise(300, 60, i), "image/png")
    size = 700_000
    found = write(store, tmp_path / "r.html", size=size)
    assert found.paged == 3
    assert (tmp_path / "r.html").stat().st_size < size
    records = data_of(tmp_path / "r.html")["runs"].values()
    shown = [len(kept[3]) for record in records for kept in record.get("kept", ())]
    assert shown
    assert all(length <= EACH * 4 / 3 + 4 for length in shown)
    assert sum(shown) <= PART * size
    left = sum(len(record["left"]) for record in records)
    assert left == 9 - len(shown) > 0
    assert "2.png (55 kB) is left out to keep the page small" in found.document["pool"]


def test_a_run_with_a_picture_has_its_page_first(store: Store, tmp_path: Path) -> None:
    run = store.runs()[1]
    store.add_artifact(run, "a.png", drawing(), "image/png")
    assert next(iter(write(store, tmp_path / "r.html", size=180_000).document["runs"])) == run.id


def test_a_served_page_sees_new_pictures_and_gives_them_whole(store: Store) -> None:
    run = store.runs()[0]
    before = mark(store)
    data = noise(600, 300)
    store.add_artifact(run, "a.png", data, "image/png")
    assert mark(store) != before
    live = Live(store)
    page = live.shown().text.decode()
    record = json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert record["runs"][run.id]["less"] == 1
    text = live.run(run.id[:8])
    assert text is not None
    whole = json.loads(text)["runs"][run.id]
    assert "less" not in whole
    assert base64.b64decode(whole["kept"][0][3]) == data


def test_the_example_of_the_page(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```py\n(.*?)```", DOCS, flags=re.DOTALL)
    run, figure = store.runs()[0], Figure()
    exec(code, {"figure": figure, "store": store, "run": run, "Path": Path})
    ((title, words, *_),) = hang(store, [run.id], 1_000_000)[run.id].pictures
    assert (title, words) == ("ROC curves", "True against false positives, a line a digit.")
    assert f"more than {EACH // 1000} kB" in DOCS


@pytest.mark.slow
def test_a_picture_in_a_browser(store: Store, tmp_path: Path, page: Any) -> None:
    run = store.runs()[1]
    texts = {"Title": f"Heading {NASTY}", "Description": f"Words {NASTY}"}
    store.add_artifact(
        run, "b.png", drawing(**{key: value.replace("\u2028", "") for key, value in texts.items()}), "image/png"
    )
    store.add_artifact(run, "sweep.png", noise(800, 200), "image/png")
    store.add_artifact(run, "z.png", b"none", "image/png")
    write(store, tmp_path / "r.html")
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type in ("error", "warning") else None)
    page.context.set_offline(True)
    page.goto(f"{(tmp_path / 'r.html').as_uri()}#run={run.id}")
    part = page.locator("#kept")
    part.get_by_role("heading", name="Kept with this run").wait_for()
    part.get_by_role("heading", name="The sweep that chose this learner", exact=True).wait_for()
    images = part.get_by_role("img")
    assert images.count() == 2
    assert images.evaluate_all("all => all.map((one) => one.naturalWidth)")[0] == 300
    assert all(wide >= 300 for wide in images.evaluate_all("all => all.map((one) => one.naturalWidth)"))
    assert images.nth(0).get_attribute("alt").startswith("Words </script><img")
    assert images.nth(1).get_attribute("alt").startswith("Trials of the sweep")
    assert "here in 128 colours and" in part.inner_text()
    assert "z.png (1 kB) is no picture that can be shown." in part.inner_text()
    assert "with a picture" in page.locator(".seeds").inner_text()
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.title() != "caught"
    assert errors == []


@pytest.mark.slow
def test_an_open_run_takes_in_its_new_picture(store: Store, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from spoton.report import _live
    from spoton.report._serve import Server

    monkeypatch.setattr(_live, "SHARE", 0.0)
    run = store.runs()[0]
    with Server(Live(store), 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        page.set_default_timeout(60_000)
        page.goto(f"{server.address}#run={run.id[:10]}")
        page.locator("#view-run h1").wait_for()
        assert page.locator("#kept img").count() == 0
        store.add_artifact(run, "a.png", noise(600, 300), "image/png")
        page.locator("#kept img").wait_for()
        assert "128 colours" not in page.locator("#kept").inner_text()  # it was fetched whole
        page.evaluate("location.hash = 'board'")
        page.evaluate(f"location.hash = 'run={run.id[:10]}'")
        page.locator("#kept img").wait_for()
        server.shutdown()
        thread.join()
