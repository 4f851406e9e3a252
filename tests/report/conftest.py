"""A store of runs made by hand on real tasks, its page, and a browser without a network to look at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_runs import some_runs

from spoton.report import write
from spoton.store import Store

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with `some_runs`."""
    path = tmp_path_factory.mktemp("stored") / "runs.db"
    with Store.open(path) as store:
        store.add_many(some_runs())
    return path


@pytest.fixture(scope="session")
def report_file(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of `stored`."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    with Store.open(stored) as store:
        write(store, path)
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """pytest-playwright starts the browser that is here; it downloads none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser found ({', '.join(BROWSERS)}); apt-get install chromium")
    # as root, chromium has no sandbox
    return {"executable_path": found, "args": ["--no-sandbox", "--disable-gpu"], "timeout": 120_000}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Pages have whole addresses; the plugin's own fixture warns, and warnings are errors."""


class Seen:
    """What a page did besides showing itself."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []


@pytest.fixture
def seen() -> Seen:
    """Filled by `sheet`."""
    return Seen()


@pytest.fixture
def sheet(page: Any, report_file: Path, seen: Seen) -> Iterator[Any]:
    """The page in a browser without a network; in the end it has asked for nothing and complained of nothing."""
    page.context.set_offline(True)
    page.set_default_timeout(60_000)
    page.on(
        "console", lambda message: seen.errors.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(report_file.as_uri())
    yield page
    assert seen.errors == []
    assert {url.partition("#")[0] for url in seen.requests if not url.startswith("data:")} == {report_file.as_uri()}
