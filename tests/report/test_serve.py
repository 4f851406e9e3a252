"""The served page: live from the store, on loopback alone, for reading alone."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from report_runs import made

from spoton._run import Run
from spoton.errors import UsageError
from spoton.report import _live
from spoton.report._live import Live
from spoton.report._serve import Server
from spoton.store import Store

Ask = Callable[..., tuple[http.client.HTTPResponse, bytes]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two learners on one task."""
    with Store.open(tmp_path / "runs.db") as opened:
        opened.add_many(made("pnist/topleft", name, 0, spread) for name, spread in (("net3", 2.0), ("linear@pts", 0.2)))
        yield opened


@pytest.fixture
def server(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """It runs in a thread; each page is made at once."""
    monkeypatch.setattr(_live, "SHARE", 0.0)
    with Server(Live(store), 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def ask(server: Server) -> Ask:
    """A plain client."""

    def asked(path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request(method, path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    return asked


def test_it_listens_on_loopback_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.port}/"
    with pytest.raises(UsageError, match=f"port {server.port} cannot be opened"):
        Server(server.live, server.port)


def test_the_page_its_headers_and_its_tag(ask: Ask, store: Store) -> None:
    answer, body = ask("/")
    assert answer.status == 200
    assert b"linear@pts" in body
    policy = answer.headers["Content-Security-Policy"]
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for name, value in {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Server": "spoton "}.items():
        assert answer.headers[name].startswith(value.strip())
    assert "Access-Control-Allow-Origin" not in answer.headers
    tag = answer.headers["ETag"]
    again, nothing = ask("/", If_None_Match=tag)
    assert (again.status, nothing) == (304, b"")
    store.add(made("pnist/topleft", "mean", 0, 4.0))
    answer, body = ask("/", If_None_Match=tag)
    assert answer.status == 200
    assert b">mean</a>" in body
    head, nothing = ask("/", "HEAD")
    assert (head.status, nothing) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(body)


def test_what_is_not_there_and_who_is_not_meant(ask: Ask, server: Server) -> None:
    for path in ("/nothing", "/run/zz", "/run/ffffffff", "/../etc/passwd", "/%2e%2e/x"):
        assert ask(path)[0].status == 404, path
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", f"127.0.0.1.evil:{server.port}", ""):
        answer, body = ask("/", Host=host)
        assert answer.status == 421, host
        assert b"net3" not in body
    assert ask("/stamp", Host=f"LOCALHOST:{server.port}")[0].status == 200
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer, _ = ask("/", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_one_run_is_given_by_the_beginning_of_its_id(ask: Ask, store: Store) -> None:
    (run,) = store.runs(learner="net3")
    held = json.loads(ask(f"/run/{run.id[:10]}")[1])
    assert list(held["runs"]) == [run.id]
    assert held["runs"][run.id]["p"]


def test_a_store_that_fails_is_a_sentence(ask: Ask, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from spoton.errors import StoreError

    def gone(*_: object) -> None:
        raise StoreError("the store cannot be read (gone)")

    monkeypatch.setattr(_live, "mark", gone)
    answer, body = ask("/stamp")
    assert (answer.status, body) == (503, b"the store cannot be read (gone)")


def test_a_page_is_not_made_more_often_than_it_takes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live, "SHARE", 1e6)
    live = Live(store)
    first = live.shown()
    store.add(made("pnist/topleft", "mean", 0, 4.0))
    assert live.shown() is first


def test_an_empty_store_waits_for_the_first_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live, "SHARE", 0.0)
    with Store.open(tmp_path / "empty.db") as store:
        live = Live(store)
        assert b"No runs yet" in live.shown().text
        store.add(Run("friedman1", "linear", 0, status="failed", reason="why not", train_size=560))
        assert b"why not" in live.shown().text


def test_a_page_that_is_open_follows_the_store(server: Server, store: Store, page: Any) -> None:
    """New rows come, and what is chosen, typed and in focus stays."""
    errors: list[str] = []
    asked: list[str] = []
    page.set_default_timeout(60_000)
    page.on("console", lambda m: errors.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.address)
    page.get_by_label("Learner", exact=True).fill("net")
    box = page.get_by_label("Compare net3 on pnist/topleft")
    box.check()
    box.focus()
    store.add_many([made("pnist/topleft", "net4", 0, 1.0), made("friedman1", "knn", 0, 1.0)])
    store.add(Run("friedman1", "broken", 0, status="failed", reason="Diverged", train_size=560))
    page.locator("#board tbody tr:visible", has_text="net4").wait_for()
    assert page.locator("#board th.name a:visible").all_inner_texts() == ["net4", "net3"]
    assert page.get_by_label("Learner", exact=True).input_value() == "net"
    assert box.is_checked()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Compare net3 on pnist/topleft"
    assert page.locator("#f-task option").count() == 3
    assert "5 runs" in page.locator(".lead:visible").inner_text()
    page.locator("#live", has_text="live, 5 runs").wait_for()
    page.get_by_role("link", name="Not finished").click()
    assert "Diverged" in page.locator("#view-failures").inner_text()
    page.go_back()
    page.locator("#board").get_by_role("link", name="net3").click()
    page.locator("#view-run h1").wait_for()
    store.add(made("pnist/topleft", "net3", 1, 2.0))
    page.locator("#view-run .seeds", has_text="seed 1").wait_for()
    assert errors == []
    assert all(url.startswith((server.address, "data:")) for url in asked)
    page.context.set_offline(True)  # as if the server were gone
    page.locator("#live.off").wait_for()
    assert page.locator("#view-run h1").is_visible()


def test_a_run_beyond_the_page_is_fetched(store: Store, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_live, "SHARE", 0.0)
    (run,) = store.runs(learner="net3")
    with Server(Live(store, size=1), 0) as small:
        threading.Thread(target=small.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        page.goto(f"{small.address}#run={run.id[:10]}")
        page.locator("#view-run h1", has_text="net3").wait_for()
        assert page.locator("#view-run .thumbs").count() == 1
        small.shutdown()
