"""Runs to a server: each once, by batch, nothing lost. A small fake server here; a real one in test_server.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_mlflow import Fake, fake_server
from made_runs import made
from typer.testing import CliRunner

from spoton._run import Run
from spoton.cli import app
from spoton.errors import MissingExtra, StoreError, UsageError
from spoton.history import History
from spoton.store import Store
from spoton.tracking import _send, check_uri, send

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # MLflow's own


@pytest.fixture
def fake() -> Iterator[Fake]:
    pytest.importorskip("mlflow", reason="mlflow is not installed; pip install 'spoton[mlflow]'")
    with fake_server() as server:
        yield server


def long_run(**changes: object) -> Run:
    """With more than one request takes: 3 x 900 values of a history, 250 parameters."""
    rows = [{"train_loss": 1 / (i + 1), "valid_mse": 2.0, "lr": 0.1} for i in range(900)]
    return made(1, history=History(rows), settings={f"p{i}": i for i in range(250)}, predictions=None, **changes)


def tag(run: dict[str, list[dict[str, str]]], name: str) -> str:
    return next(one["value"] for one in run["tags"] if one["key"] == name)


def test_runs_are_sent_once_and_by_batch(fake: Fake) -> None:
    runs = [long_run(), made(2, predictions=None), made(3, task="pnist/box?digits=all", status="failed", reason="why")]
    assert send(runs, fake.uri) == _send.Sent(3, 0, 3)  # a picture each: the curves
    assert set(fake.experiments) == {"pnist/top", "pnist/box?digits=all"}
    first, second, third = fake.runs.values()
    assert {one["key"]: one["value"] for one in first["params"]}["settings.p249"] == "249"
    steps = [one["step"] for one in first["metrics"] if one["key"] == "history/train_loss"]
    assert sorted(map(int, steps)) == list(range(1, 901))
    assert max(sum(batch[:3]) for batch in fake.batches) <= 1000
    assert max(max(batch[1:3]) for batch in fake.batches) <= 100
    assert max(batch[3] for batch in fake.batches) <= 1_000_000
    assert [run["info"]["status"] for run in (first, second, third)] == ["FINISHED", "FINISHED", "FAILED"]
    assert first["info"]["start_time"] == 1767225601000
    assert tag(third, "spoton.reason") == "why"
    key = first["info"]["run_id"]
    assert fake.files[f"{key}/pictures/curves.png"].startswith(b"\x89PNG")
    assert Run.from_json(fake.files[f"{key}/run.json"].decode()).settings == runs[0].settings
    calls = len(fake.batches)
    assert send([*runs, made(4, history=None, predictions=None)], fake.uri) == _send.Sent(1, 3, 0)
    assert len(fake.runs) == 4
    assert len(fake.batches) - calls <= 3


def test_a_run_that_was_cut_off_is_sent_anew(fake: Fake) -> None:
    runs = [made(0, predictions=None), made(1, predictions=None)]
    fake.refuse_after = 12
    with pytest.raises(StoreError, match=r"did not take the runs .*enough for today"):
        send(runs, fake.uri)
    fake.refuse_after = None
    result = send(runs, fake.uri)
    assert result.sent + result.there == 2
    alive = [run for run in fake.runs.values() if run["info"]["lifecycle_stage"] == "active"]
    assert sorted(tag(run, "spoton.uuid") for run in alive) == sorted(run.id for run in runs)
    assert all(tag(run, "spoton.whole") == "true" for run in alive)


def test_what_the_store_keeps_beside_a_run_goes_with_it(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = made(1, history=None, predictions=None)
    with Store.open() as store:
        store.add(run)
        store.add_artifact(run, "sweep.png", b"picture", "image/png")
        store.add_artifact(run, "../../outside.txt", b"a stranger's")
    sent = CliRunner().invoke(app, ["export-runs", "--mlflow", fake.uri])
    assert sent.exit_code == 0, sent.output
    (key,) = (held["info"]["run_id"] for held in fake.runs.values())
    assert fake.files[f"{key}/kept/sweep.png"] == b"picture"
    assert not [name for name in fake.files if "outside" in name]


def test_nobody_listens_and_passwords_stay_secret() -> None:
    pytest.importorskip("mlflow", reason="mlflow is not installed; pip install 'spoton[mlflow]'")
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        send([made(0)], "http://me:s3cret@127.0.0.1:1")
    assert "s3cret" not in str(caught.value)
    assert "http://me:***@127.0.0.1:1" in str(caught.value)
    with pytest.raises(StoreError, match="cannot be reached"):
        send([made(0)], "http://127.0.0.1:port")
    with pytest.raises(UsageError, match="takes the address of a server"):
        check_uri("localhost")
    assert send([], "http://127.0.0.1:1").sent == 0


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtra, match=r"spoton\[mlflow\]"):
        check_uri("http://127.0.0.1:1")


def test_the_commands(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bench sends; when nobody listens it says how to send later, and that works."""
    monkeypatch.chdir(tmp_path)
    words = ["bench", "pnist/top", "--learners", "linear@pts", "--seeds", "1", "--jobs", "1", "--keep-predictions"]
    lost = CliRunner().invoke(app, [*words, "--mlflow", "http://127.0.0.1:1"])
    assert lost.exit_code == 0, lost.output
    assert "all runs are in spoton.db, and spoton export-runs --mlflow http://127.0.0.1:1 sends them" in lost.stderr
    sent = CliRunner().invoke(app, ["export-runs", "--mlflow", fake.uri])
    assert sent.exit_code == 0, sent.output
    assert "3 runs with" in sent.stderr
    assert any(name.endswith("/pictures/agreement.png") for name in fake.files)
    again = CliRunner().invoke(app, [*words, "--json", "-", "--mlflow", fake.uri])
    assert again.exit_code == 0, again.output
    assert len(json.loads(again.stdout)) == 2  # and nothing else on standard output
    assert "0 runs with 0 pictures sent, 1 were there" in again.stderr
    with Store.open(create=False) as store:
        assert len(store.runs()) == 3
    assert isinstance(CliRunner().invoke(app, ["export-runs"]).exception, UsageError)
    assert isinstance(CliRunner().invoke(app, [*words, "--mlflow", "nowhere"]).exception, UsageError)


def test_a_bench_without_mlflow_does_not_load_it() -> None:
    import subprocess
    import sys

    code = "import sys, spoton.cli, spoton.tracking; print('mlflow' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
