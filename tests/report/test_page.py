"""The page in a browser: sorting, filtering, runs, comparisons, the back button, the keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from spoton.colours import contrast

ROWS = "#board tbody tr:not(.group):visible"

pytestmark = pytest.mark.slow  # a browser: half a minute in all


def learners(sheet: Any) -> list[str]:
    return [text.strip() for text in sheet.locator(f"{ROWS} th.name a").all_inner_texts()]


def open_run(sheet: Any, name: str) -> None:
    sheet.locator("#board").get_by_role("link", name=name, exact=True).first.click()
    sheet.locator("#view-run h1").wait_for()


def test_the_board_is_that_of_the_tables(sheet: Any) -> None:
    assert learners(sheet) == ["oracle", "linear@pts", "net3", "mean", "broken", "linear", "knn", "resnet18"]
    assert sheet.locator("h1:visible").inner_text() == "Leaderboard"
    assert "2 tasks, 8 learners, 17 runs" in sheet.locator(".lead:visible").inner_text()
    assert "Diverged: the loss became nan" in sheet.locator(ROWS, has_text="broken").inner_text()
    row = sheet.locator(ROWS, has_text="net3")
    assert re.search(r"\d+\.\d ±\d", row.locator("td.main").inner_text())


def test_sorting_by_mouse_and_by_key(sheet: Any) -> None:
    head = sheet.locator("#board thead th[data-key=fit_seconds]")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert learners(sheet)[:5] == ["oracle", "linear@pts", "net3", "mean", "broken"]
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert learners(sheet) == ["mean", "net3", "linear@pts", "oracle", "broken", "knn", "linear", "resnet18"]
    assert "sort=fit_seconds" in sheet.url
    sheet.reload()
    assert learners(sheet)[0] == "mean"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert learners(sheet)[0] == "oracle"
    assert sheet.locator("[aria-sort]").count() == 0


def test_filters(sheet: Any) -> None:
    sheet.get_by_label("Learner", exact=True).fill("LIN")
    assert learners(sheet) == ["linear@pts", "linear"]
    assert sheet.locator("#f-count").inner_text() == "2 of 8 rows"
    sheet.get_by_label("Task", exact=True).select_option("friedman1")
    assert learners(sheet) == ["linear"]
    sheet.get_by_label("Learner", exact=True).fill("nothing of that name")
    assert "no row fits" in sheet.locator("#f-count").inner_text()
    sheet.get_by_label("Learner", exact=True).fill("")
    sheet.get_by_label("finished only").check()
    assert learners(sheet) == ["linear", "knn"]
    sheet.get_by_label("Task", exact=True).select_option("")
    sheet.get_by_label("one list").check()
    sheet.locator("#board thead th[data-key=r2]").get_by_role("button").click()
    assert learners(sheet)[0] == "oracle"
    assert sheet.locator("#board tbody:visible").count() == 1
    assert "friedman1" in sheet.locator(ROWS, has_text="knn").inner_text()


def test_a_run_and_back_again(sheet: Any) -> None:
    sheet.get_by_label("Learner", exact=True).fill("net3")
    open_run(sheet, "net3")
    assert re.search(r"#run=[0-9a-f]{32}$", sheet.url)
    view = sheet.locator("#view-run")
    for words in (
        "net3",
        "on pnist/topleft",
        "c" * 12,
        "changes that are not committed",
        "numpy",
        "random_state",
        "a.B",
    ):
        assert words in view.inner_text() or words in view.text_content(), words
    for title in (
        "Points on images",
        "topleft_x",
        "Residuals",
        "Error by place",
        "Distances",
        "Each class",
        "Training",
    ):
        assert view.get_by_role("heading", name=title, exact=True).count() == 1, title
    pictures = view.locator("svg[role=img]")
    assert pictures.count() >= 18
    for text in pictures.evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))"):
        assert len(text) > 8
    assert "spoton bench pnist/topleft --learners net3 --seed " in view.locator("pre").first.inner_text()
    assert "Table of 12 epochs" in view.inner_text()
    view.get_by_role("link", name=re.compile("^seed 2")).click()
    assert "seed 2" in view.locator(".lead").inner_text()
    sheet.go_back()
    sheet.go_back()
    assert sheet.locator("#view-board").is_visible()
    assert learners(sheet) == ["net3"]  # as it was left
    sheet.go_forward()
    assert view.is_visible()


def test_curves_choose_what_they_show(sheet: Any) -> None:
    open_run(sheet, "net3")
    choice = sheet.get_by_label("What the curves show")
    assert choice.locator("option").all_inner_texts() == ["mean squared error", "learning rate"]
    choice.select_option("lr")
    assert "learning rate over 12 epochs" in sheet.locator("figure.wide svg.chart").get_attribute("aria-label")


def test_what_has_no_pictures_says_why(sheet: Any) -> None:
    open_run(sheet, "knn")
    assert "its predictions were not kept" in sheet.locator("#view-run .callout").inner_text()
    sheet.go_back()
    open_run(sheet, "broken")
    assert "Diverged: the loss became nan" in sheet.locator("#view-run .callout.bad").inner_text()


def test_two_runs_compared(sheet: Any) -> None:
    for name in ("net3", "linear@pts"):
        sheet.get_by_label(f"Compare {name} on pnist/topleft").check()
    sheet.get_by_role("link", name="Compare", exact=True).click()
    view = sheet.locator("#view-compare")
    view.locator("h1").wait_for()
    assert "compare=" in sheet.url
    figures = view.locator("table").first
    assert "(better)" in figures.locator("tr", has_text="mse").first.text_content()
    text = view.inner_text()
    for words in ("Two runs compared", "alpha", "Row by row"):  # the best runs are of two seeds, those shown of one
        assert words in text
    address = sheet.url
    sheet.goto("about:blank")
    sheet.goto(address)  # the link alone brings it back
    assert "Two runs compared" in sheet.locator("#view-compare").inner_text()


def test_runs_of_one_seed_compare_row_by_row(sheet: Any) -> None:
    ids = sheet.evaluate("""() => {
        const data = JSON.parse(document.getElementById("data").textContent);
        const of = (name) => Object.entries(data.runs).find(([, r]) => data.pool[r.l] === name && r.seed === 1)[0];
        return [of("linear@pts"), of("net3")];
    }""")
    sheet.evaluate("(ids) => { location.hash = `compare=${ids.join(',')}`; }", ids)
    view = sheet.locator("#view-compare")
    view.get_by_role("heading", name="Row by row").wait_for()
    near = view.locator("tr", has_text="A is nearer").inner_text()
    assert int(re.search(r"(\d+) of 142 rows", near)[1]) > 120  # type: ignore[index]
    for title in ("Points on images", "Distances", "Error against error"):
        assert view.get_by_role("heading", name=title, exact=True).count() == 1
    view.get_by_role("link", name="Swap A and B").click()
    view.locator("tr", has_text="B is nearer").wait_for()


def test_2020_and_what_failed(sheet: Any) -> None:
    sheet.get_by_role("link", name="Beside 2020").click()
    row = sheet.locator("#view-2020 tr", has_text="net3").first
    assert "0.170" in row.inner_text()
    assert "±" in row.inner_text()
    sheet.get_by_role("link", name="Not finished").click()
    text = sheet.locator("#view-failures").inner_text()
    assert "1 run failed, 1 was skipped" in text
    assert "takes images" in text
    assert sheet.get_by_role("link", name="Not finished").get_attribute("aria-current") == "page"


def test_the_keyboard_alone(sheet: Any) -> None:
    sheet.keyboard.press("Tab")
    assert sheet.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert sheet.locator(".skip").bounding_box()["x"] >= 0
    sheet.keyboard.press("Enter")
    for _ in range(40):
        sheet.keyboard.press("Tab")
        if sheet.evaluate("document.activeElement.textContent") == "net3":
            break
    assert sheet.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    sheet.keyboard.press("Enter")
    sheet.locator("#view-run h1").wait_for()
    assert sheet.evaluate("document.activeElement.tagName") == "H1"


def test_an_unknown_run_is_said(sheet: Any) -> None:
    sheet.evaluate("location.hash = 'run=abcdef'")
    assert "No such run here" in sheet.locator("#view-run").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(sheet: Any, scheme: str) -> None:
    """WCAG AA: 4.5 for what is read, against the nearest background that is not clear."""
    sheet.emulate_media(color_scheme=scheme)
    for place in ("#board", "#overview", "#failures", "#2020", "#run"):
        if place == "#run":
            sheet.evaluate("location.hash = ''")
            open_run(sheet, "net3")
        else:
            sheet.evaluate("(place) => { location.hash = place; }", place)
        pairs = sheet.evaluate("""() => {
            const clear = (colour) => colour === "rgba(0, 0, 0, 0)" || colour === "transparent";
            const found = new Set();
            for (const one of document.querySelectorAll("body *")) {
                const words = [...one.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
                if (!one.checkVisibility() || !words || one.closest("script, style, title")) continue;
                let behind = one;
                while (behind && clear(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
                const style = getComputedStyle(one);
                const ink = one.closest("svg") ? style.fill : style.color;
                found.add(`${ink}|${behind ? getComputedStyle(behind).backgroundColor : "rgb(255, 255, 255)"}`);
            }
            return [...found];
        }""")
        assert len(pairs) > 3
        for pair in pairs:
            one, other = (hexed(colour) for colour in pair.split("|"))
            assert contrast(one, other) >= 4.5, (place, pair)


def hexed(colour: str) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


def test_narrow_screens_and_paper(sheet: Any, tmp_path: Path) -> None:
    sheet.set_viewport_size({"width": 360, "height": 700})
    for place in ("#board", "#overview", "#2020", "#failures"):
        sheet.evaluate("(place) => { location.hash = place; }", place)
        assert sheet.evaluate("document.documentElement.scrollWidth") <= 360, place
    sheet.evaluate("location.hash = ''")
    open_run(sheet, "net3")
    assert sheet.evaluate("document.documentElement.scrollWidth") <= 360
    sheet.emulate_media(media="print", color_scheme="dark")
    assert not sheet.locator("nav").is_visible()
    assert not sheet.get_by_role("button", name=re.compile("Copy")).first.is_visible()
    assert sheet.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    sheet.pdf(path=tmp_path / "run.pdf")
    assert (tmp_path / "run.pdf").read_bytes().startswith(b"%PDF")


def test_the_theme_can_be_chosen(sheet: Any) -> None:
    button = sheet.locator("#theme")
    papers = []
    for _ in range(3):
        papers.append(sheet.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        button.click()
    assert button.inner_text() == "Theme: system"
    assert len(set(papers)) == 2


def test_without_javascript_the_board_is_whole(browser: Any, report_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report_file.as_uri())
    assert page.locator(ROWS).count() == 8
    assert page.get_by_text("need JavaScript").is_visible()
    context.close()
