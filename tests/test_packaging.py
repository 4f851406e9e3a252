"""What is published: metadata that is complete, archives of the right size, a wheel that works without its checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from trove_classifiers import classifiers

from spoton import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_classifiers_are_known_and_name_every_python() -> None:
    named = set(PROJECT["classifiers"])
    assert named <= set(classifiers)
    pythons = {name.rpartition(" ")[2] for name in named if name.startswith("Programming Language :: Python :: 3.")}
    assert pythons == {"3.11", "3.12", "3.13"}
    assert PROJECT["requires-python"] == f">={min(pythons, key=lambda name: int(name[2:]))}"
    assert len(PROJECT["keywords"]) == len(set(PROJECT["keywords"])) >= 5


def test_the_files_beside_the_code_tell_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["license"]
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{__version__}]" in changes
    assert "## [Unreleased]" in changes
    for name in ("LICENSE", "CONTRIBUTING.md", "SECURITY.md", "src/spoton/py.typed"):
        assert (ROOT / name).is_file()


def test_hooks_are_tools_of_the_environment() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        assert hook["language"] == "system", hook["id"]  # nothing is fetched
        tool = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert (Path(sys.executable).parent / tool).exists() or shutil.which(tool), tool


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, built from the files that git knows."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "site", "dist", "*.db")
    shutil.copytree(ROOT, source, ignore=ignored)
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    shutil.rmtree(source)
    return folder


@pytest.mark.slow
def test_the_wheel_holds_what_runs_and_no_more(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.stat().st_size < 3_000_000
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        meta = archive.read(f"spoton-{__version__}.dist-info/METADATA").decode()
    assert {
        "spoton/py.typed",
        "spoton/_recorded.csv",
        "spoton/tasks/_data/digits.npz",
        "spoton/tasks/_data/ATTRIBUTION.md",
    } <= names
    for folder, ending in (("spoton/report/_page/", (".html", ".j2", ".js")), ("spoton/store/_migrations/", (".py",))):
        assert any(name.startswith(folder) and name.endswith(ending) for name in names), folder
    files = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*") if path.is_file()}
    left_out = {name for name in files - names if "__pycache__" not in name and not name.startswith("spoton.egg-info")}
    assert not left_out
    assert {name.partition("/")[0] for name in names} == {"spoton", f"spoton-{__version__}.dist-info"}
    assert f"spoton-{__version__}.dist-info/licenses/LICENSE" in names
    assert "Requires-Python: >=3.11" in meta
    for extra in set(PROJECT["optional-dependencies"]):
        assert f"Provides-Extra: {extra}" in meta


@pytest.mark.slow
def test_the_source_archive_builds_and_tests(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile", "mkdocs.yml", "CITATION.cff"}
    assert wanted <= names
    for folder in ("src/spoton", "tests/cli", "docs", "examples", "benchmarks"):
        assert any(name.startswith(f"{folder}/") for name in names), folder
    assert not [name for name in names if name.startswith((".venv", "site/", "dist/")) or "__pycache__" in name]


@pytest.mark.slow
def test_the_wheel_works_without_its_checkout(built: Path, tmp_path: Path) -> None:
    """Installed into an environment of its own, which reads the packages below it from this one."""
    (wheel,) = built.glob("*.whl")
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    how = [uv, "pip", "install", "--offline", "--python", str(python)] if uv else None
    how = how or [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index"]
    put = subprocess.run([*how, "--no-deps", str(wheel)], capture_output=True, text=True, check=False)
    assert put.returncode == 0, put.stderr
    (packages,) = home.rglob("site-packages")
    # a line of a .pth is put on the path, and what stands in .pth files over there (this checkout) is not read
    (packages / "below.pth").write_text(sysconfig.get_path("purelib") + "\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHONPATH", "SPOTON_"))}

    def run(*words: str) -> str:
        out = subprocess.run(words, cwd=empty, env=clean, capture_output=True, text=True, check=False)
        assert out.returncode == 0, f"{words}: {out.stderr}"
        return out.stdout

    command = str(python.with_name("spoton"))
    where = run(str(python), "-c", "import spoton; print(spoton.__file__)")
    assert Path(where.strip()).is_relative_to(home)
    assert "Exit codes" in run(command, "--help")
    assert run(command, "--version").strip() == f"spoton {__version__}"
    assert "pnist/topleft" in run(command, "tasks", "-q").split()
    rows = json.loads(run(command, "bench", "pnist/topleft", "--learners", "linear@pts", "--seeds", "1", "--json", "-"))
    assert rows
    assert all(row["hit"] > 0.99 for row in rows)
    assert json.loads(run(command, "report", "--json", "-"))["runs"] == 1
    assert sorted(path.name for path in empty.iterdir()) == ["report.html", "spoton.db"]
