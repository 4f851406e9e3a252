"""A real MLflow server on loopback, where its program is installed (`pip install mlflow`, in any environment)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_runs import made
from servers import free_port

from spoton.tracking import Sent, send

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),  # MLflow's own
]


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("mlflow", reason="mlflow is not installed; pip install 'spoton[mlflow]'")
    program = os.environ.get("SPOTON_MLFLOW") or shutil.which("mlflow")
    if program is None:
        pytest.skip("no program mlflow; pip install mlflow, and name it by SPOTON_MLFLOW if it is elsewhere")
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command = [program, "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/runs.db", "--artifacts-destination", str(folder / "files")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 300
    try:
        while True:
            if server.poll() is not None:
                said = (folder / "log").read_text(errors="replace").strip().splitlines() or ["nothing"]
                pytest.skip(f"{program} server does not start: {said[-1][:200]}; the full package mlflow is needed")
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)
        yield address
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)  # its workers too
            server.wait(timeout=60)


def test_what_was_sent_is_there(uri: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    from spoton import evaluate
    from spoton.tracking import _entries as entries

    seen = evaluate("linear@pts", "pnist/topleft", 0, train_size=100, keep_predictions=True)
    strange = made(
        2, task="a task: ü / 100%?", settings={"a:b": "x" * 7000, "a?b": 1}, status="failed", reason="ü" * 9000
    )
    runs = [seen, made(0), made(1), strange]
    first = send(runs, uri)
    assert (first.sent, first.there) == (4, 0)
    assert first.pictures >= 4
    assert send(runs, uri) == Sent(0, 4, 0)
    client = MlflowClient(tracking_uri=uri)
    for run in runs:
        experiment = client.get_experiment_by_name(run.task)
        (found,) = [
            one for one in client.search_runs([experiment.experiment_id]) if one.data.tags["spoton.uuid"] == run.id
        ]
        assert found.data.params == entries.params(run)
        assert entries.tags(run).items() <= found.data.tags.items()
        last = {point.name: point.value for point in entries.points(run)}
        assert found.data.metrics == pytest.approx(last)
        if run.history is not None:
            history = client.get_metric_history(found.info.run_id, "history/train_loss")
            assert [(one.step, one.value) for one in history] == [
                (row["epoch"], pytest.approx(row["train_loss"])) for row in run.history
            ]
        assert found.info.status == ("FAILED" if run is strange else "FINISHED")
        assert "run.json" in {one.path for one in client.list_artifacts(found.info.run_id)}
    pictures = {one.path for one in client.list_artifacts(_key(client, seen.id, seen.task), "pictures")}
    assert {"pictures/agreement.png", "pictures/images.png"} <= pictures


def _key(client: object, uuid: str, task: str) -> str:
    experiment = client.get_experiment_by_name(task)  # type: ignore[attr-defined]
    found = client.search_runs([experiment.experiment_id], f"tags.`spoton.uuid` = '{uuid}'")  # type: ignore[attr-defined]
    return str(found[0].info.run_id)
