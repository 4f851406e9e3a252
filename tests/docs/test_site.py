"""The documentation as a whole: pages in their place, links that lead somewhere, words, the site itself."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import make_cli
import make_frames
import pytest
import site_links
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
BESIDE = [ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")]
ALL = [*BESIDE, *PAGES, *sorted((ROOT / "benchmarks").glob("*.md"))]
REFERENCE = sorted((DOCS / "reference").glob("*.md"))
AMERICAN = (
    r"\w*(?:color|neighbor|behavior|center(?:ed|ing)|normaliz|standardiz|optimiz|minimiz|vectoriz|gray|catalog\b)\w*"
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """What is read: no code, no addresses, no titles of papers."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`]*`|\]\([^)]*\)|<!--.*?-->|^:::.*$|\"[^\"]*\"", "", text, flags=re.DOTALL | re.MULTILINE)


def places(path: Path) -> set[str]:
    """The places of a page that links may name: headings, as GitHub writes them, and anchors."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain).strip().lower().replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    slugs = {slug if not i else f"{slug}-{i}" for slug, count in found.items() for i in range(count + 1)}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


def all_pages_of(nav: list[object]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        value = next(iter(entry.values())) if isinstance(entry, dict) else entry
        found += all_pages_of(value) if isinstance(value, list) else [str(value)]
    return found


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        file, _, place = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), f"{name_of(path)} links to {target}"
        # the reference has its places once it is built, and the strict build looks for them
        if place and found.suffix == ".md" and found.parent.name != "reference":
            assert place in places(found), f"{name_of(path)} links to {target}: there is no such heading"


def test_every_page_is_in_the_contents() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = all_pages_of(nav)
    assert len(listed) == len(set(listed))
    there = {str(page.relative_to(DOCS)) for page in PAGES}
    assert set(listed) == there, "the nav of mkdocs.yml lists other pages than docs/ has"


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
def test_the_reference_names_all_that_is_public(path: Path) -> None:
    """Where a page lists its members by hand, none is left out."""
    text = path.read_text(encoding="utf-8")
    room = re.search(r"^::: (\S+)$", text, flags=re.MULTILINE)
    assert room is not None
    module = importlib.import_module(room.group(1))
    listed = re.search(r"members: \[(.*)\]", text)
    if listed is None:
        assert hasattr(module, "__all__") or not module.__file__.endswith("__init__.py"), f"{path.name} would be empty"
        return
    public = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    things = {name: getattr(module, name) for name in public}
    ours = {
        name
        for name, thing in things.items()
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing.__module__.startswith(module.__name__)
    }
    inner = {"parse", "assemble", "facts"}  # parts of others, imported for them
    assert set(listed.group(1).split(", ")) == ours - inner


def test_every_room_has_its_page() -> None:
    inner = {"cli", "doctor", "engines", "gallery", "report", "sql", "tables", "tracking"}
    inner |= {"ink", "names", "catalogue", "optional", "colours"}
    source = ROOT / "src" / "spoton"
    rooms = {path.parent.name for path in source.glob("*/__init__.py")} | {
        path.stem for path in source.glob("[a-z]*.py")
    }
    assert rooms - inner == {path.stem for path in REFERENCE} - {"spoton"}


def test_the_page_on_the_command_line_is_up_to_date() -> None:
    assert make_cli.PAGE.read_text(encoding="utf-8") == make_cli.page(), "python docs/make_cli.py"


def test_the_picture_of_the_frames_is_up_to_date() -> None:
    assert make_frames.OUT.read_text(encoding="utf-8") == make_frames.picture(), "python docs/make_frames.py"


def test_the_code_of_the_concepts_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "concepts.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out.strip() == code.rpartition("# ")[2].strip()


@pytest.mark.parametrize(
    ("page", "link", "on_the_site"),
    [
        ("examples/31_sql.md", "../../examples/31_sql.ipynb", "../files/examples/31_sql.ipynb"),
        ("tables.md", "../benchmarks/table_questions.md", "benchmarks.md#table-questions"),
        ("layers/losses.md", "../../benchmarks/losses.md", "../benchmarks.md#losses"),
        ("layers/losses.md", "../../benchmarks/losses.py", "../files/benchmarks/losses.py"),
        ("layers/losses.md", "../scaling.md", "../scaling.md"),
        ("sql.md", "../examples/nothing.ipynb", "../examples/nothing.ipynb"),
    ],
)
def test_links_out_of_the_docs(page: str, link: str, on_the_site: str) -> None:
    assert site_links.rewritten(page, link) == on_the_site


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_words_are_british(path: Path) -> None:
    found = re.findall(rf"\b{AMERICAN}", prose(path), flags=re.IGNORECASE)
    assert not found, f"{name_of(path)}: {found}"


def test_words_are_spelled() -> None:
    folders = [name for name in ("docs", "src", "tests", "examples") if (ROOT / name).exists()]
    folders += [name_of(path) for path in BESIDE]
    files = [*folders, *(name_of(path) for path in (ROOT / "benchmarks").glob("*.md"))]
    command = [sys.executable, "-m", "codespell_lib", "--skip", "*.svg,*.png,*.npz,*.ipynb,*.json,*.jsonl", *files]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not found.stdout, found.stdout
    assert found.returncode == 0, found.stderr


@pytest.mark.slow
def test_the_site_builds(tmp_path: Path) -> None:
    """Strictly: a warning is an error. What links lead to out of docs/ comes along."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert found.returncode == 0, found.stdout + found.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        for taken in re.findall(r'href="([^":]*\bfiles/[^"#]+)', page.read_text(encoding="utf-8")):
            assert (page.parent / taken).is_file(), f"{page.name} links to {taken}"
    for ending in ("ipynb", "py"):
        assert (tmp_path / "site" / "files" / "examples" / f"31_sql.{ending}").exists()
    home = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="https?://(?!squidfunk)[^"]*\.(?:js|css|woff2?|png|svg)"', home)
    layers = (tmp_path / "site" / "reference" / "layers.html").read_text(encoding="utf-8")
    from spoton import layers as room

    for name in room.__all__:
        if inspect.isclass(getattr(room, name)):
            assert f'id="spoton.layers.{name}"' in layers, name


@pytest.mark.slow
def test_zensical_builds_the_same_site(tmp_path: Path) -> None:
    """From the same mkdocs.yml, strictly; what it knows no hooks for is done after it."""
    for name in ("docs", "src"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "mkdocs.yml", tmp_path / "mkdocs.yml")
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "-f", "mkdocs.yml"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    site = tmp_path / "site"
    for page in all_pages_of(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]):
        assert (site / page).with_suffix(".html").is_file(), page
    layers = (site / "reference" / "layers.html").read_text(encoding="utf-8")
    assert 'id="spoton.layers.' in layers
    assert "Examples" in layers  # docs/docstrings.py is heard
    taken = site_links.mend(site)
    assert "examples/31_sql.ipynb" in taken
    for path in taken:
        assert (site / "files" / path).is_file()
    for page in sorted(site.glob("*.html")):
        for target in re.findall(r'href="(\.\./[^"#?]+)', page.read_text(encoding="utf-8")):
            meant = site_links.outside(f"{page.stem}.md", target)
            assert meant is None or not (ROOT / meant).exists(), f"{page.name} leads out of the site by {target}"
