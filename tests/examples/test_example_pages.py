"""Examples, their notebooks and their pages say the same, without running anything."""

from __future__ import annotations

import re
from pathlib import Path

import make_examples
import pytest
from what_they_say import CLAIMS, PICTURES

ROOT = Path(__file__).parents[2]
SOURCES = make_examples.sources()
PAGES = ROOT / "docs" / "examples"
each = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


def page_of(source: Path) -> str:
    return (PAGES / f"{source.stem}.md").read_text(encoding="utf-8")


def test_each_example_says_something_that_is_tested() -> None:
    assert [source.stem for source in SOURCES] == sorted(CLAIMS)
    assert len(SOURCES) >= 10


@each
def test_the_notebook_is_made_of_the_example(source: Path) -> None:
    kept = source.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert kept == make_examples.published(source, make_examples.repository()), "python docs/make_examples.py"


@each
def test_the_page_has_the_code_and_the_words_of_the_example(source: Path) -> None:
    fresh = make_examples.page(make_examples.notebook(source), source.stem, make_examples.repository())
    assert make_examples.plain(page_of(source)) == fresh, f"python docs/make_examples.py {source.stem[:2]}"


@each
def test_the_page_says_what_it_claims(source: Path) -> None:
    CLAIMS[source.stem](make_examples.outputs(page_of(source)))


@each
def test_pictures_are_there_small_and_told_in_words(source: Path) -> None:
    shown = re.findall(r"!\[(.*?)\]\((.*?)\)", page_of(source))
    assert len(shown) == PICTURES[source.stem]
    for words, file in shown:
        assert len(words) > 20
        assert (PAGES / file).stat().st_size < 100_000
    assert {file for _, file in shown} == {path.name for path in PAGES.glob(f"{source.stem}-*.png")}


def test_all_pages_together_are_small() -> None:
    assert sum(path.stat().st_size for path in PAGES.iterdir()) < 1_000_000
    assert {path.stem for path in PAGES.glob("*.md")} == {source.stem for source in SOURCES}


@each
def test_each_begins_with_a_title_and_installs_where_nothing_is(source: Path) -> None:
    held = make_examples.notebook(source)
    assert re.match(r"# \S", held.cells[0].source)
    install = held.cells[1].source
    assert 'if not find_spec("spoton"):' in install
    assert f"git+{make_examples.repository()}" in install
    assert re.search(r"^    %pip install ", install, flags=re.MULTILINE)
    exec(install.replace("%pip", "raise ImportError  #"), {})  # it is installed here, so nothing is done
    with pytest.raises(ImportError):
        exec(install.replace("%pip", "raise ImportError  #").replace('"spoton"', '"no_such_package"'), {})


@each
def test_nothing_speaks_of_a_machine(source: Path) -> None:
    for text in (source.read_text(encoding="utf-8"), page_of(source)):
        for word in ("/home", "/tmp", "/work", "/Users", "127.0.0.1:8", "s3cr"):
            assert word not in text


@pytest.mark.parametrize("listing", ["examples/README.md", "docs/examples.md"])
def test_lists_name_each(listing: str) -> None:
    text = (ROOT / listing).read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?:examples/)?(\d\d_\w+)\.(?:md|ipynb)\)", text)
    assert linked == [source.stem for source in SOURCES]
    for source in SOURCES:
        colab = make_examples.colab(source.stem, make_examples.repository())
        assert colab in (text if listing.startswith("examples") else page_of(source))


def test_the_address_of_the_repository_stands_in_one_place() -> None:
    """Another one goes everywhere: to the install cells, to Colab's links, to links out of notebooks."""
    source, address = SOURCES[0], "https://github.com/someone/else"
    text = make_examples.addressed(source.read_text(encoding="utf-8"), address)
    assert f"git+{address}" in text
    assert make_examples.repository() not in text
    page = make_examples.page(make_examples.notebook(source), source.stem, address)
    assert "https://colab.research.google.com/github/someone/else/blob/main/examples/" in page
    for part in re.findall(r"\]\(([^)]+)\)", make_examples.published(source, address)):
        assert part.startswith("https://"), f"Colab knows no files beside a notebook: {part}"


def test_new_words_keep_the_outputs_and_new_code_does_not() -> None:
    source, address = SOURCES[0], make_examples.repository()
    kept, held = page_of(source), make_examples.notebook(source)
    assert make_examples.reworded(kept, held, source.stem, address) == kept
    held.cells[0].source += "\n\nMore words."
    new = make_examples.reworded(kept, held, source.stem, address)
    assert new is not None
    assert "More words." in new
    assert make_examples.outputs(new) == make_examples.outputs(kept)
    held.cells[-2].source += "\n1"
    assert held.cells[-2].cell_type == "code"
    assert make_examples.reworded(kept, held, source.stem, address) is None


def test_outputs_are_told_from_what_is_no_output() -> None:
    """Of a cell its prints and its value are shown, and no warnings, types of figures or bars."""
    import nbformat.v4 as v4

    text = v4.new_output("stream", name="stdout", text="read me\n")
    warned = v4.new_output("stream", name="stderr", text="a warning\n")
    bar = v4.new_output("display_data", data={"text/html": "<progress>", "text/plain": "<IPython.core.display.HTML>"})
    value = v4.new_output("execute_result", data={"text/plain": "42"}, execution_count=1)
    cell = v4.new_code_cell("1", outputs=[text, warned, bar, value])
    held = v4.new_notebook(cells=[v4.new_markdown_cell("# Title"), cell])
    blocks, pictures = make_examples.blocks_of(held, "99_x")
    assert re.findall(r"```text\n(.*?)\n```", blocks[0], flags=re.DOTALL) == ["read me", "42"]
    assert make_examples.said(held) == "read me\n42\n"
    assert not pictures
