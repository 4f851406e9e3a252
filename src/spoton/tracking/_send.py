"""`send`: runs to an MLflow server, each once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from spoton._provenance import HIDDEN, hide_passwords
from spoton._run import Run
from spoton.errors import StoreError, UsageError
from spoton.optional import require
from spoton.tracking import _entries as entries
from spoton.tracking._entries import Point

PATIENCE = 10.0  # seconds for a server to answer at all
# MLflow itself asks for four minutes before it gives up, and prints addresses where a bench prints JSON
MANNERS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "60"}
SILENCE = {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
NOT_FILES = ("", "..", "run.json")
PORTS = {"http": 80, "https": 443}


Files = Callable[[Run], Mapping[str, tuple[str, bytes]]]


@dataclass(frozen=True)
class Sent:
    """What became of the runs.

    Attributes:
        sent: how many were sent.
        there: how many the server had already.
        pictures: how many pictures went with them.
    """

    sent: int
    there: int
    pictures: int = 0


def shown(uri: str) -> str:
    """The address without its password."""
    return hide_passwords(uri)


def check_uri(uri: str) -> None:
    """Refuse what is no address, or cannot be used because MLflow is not installed; nothing is asked yet.

    Raises:
        UsageError: no address.
        MissingExtra: mlflow is not installed.
    """
    if "://" not in uri:
        raise UsageError(f"--mlflow takes the address of a server, as in http://127.0.0.1:5000, not '{shown(uri)}'")
    from importlib.util import find_spec

    if find_spec("mlflow") is None:
        require("mlflow")


def send(
    runs: Iterable[Run],
    uri: str,
    *,
    pictures: bool = True,
    files: Files | None = None,
    on_run: Callable[[Run], None] | None = None,
) -> Sent:
    """Send runs with their histories and pictures; a task is an experiment, and what is there is not sent again.

    Args:
        runs: with their predictions, where pictures of the answers are wanted.
        uri: of the server, as in http://127.0.0.1:5000; any address that MLflow takes.
        pictures: send pictures too.
        files: run -> name -> (media type, bytes) of what else goes with it, such as `Store.artifacts`.
        on_run: called with each run when it is there.

    Returns:
        How many were sent, and how many were there. A run that was cut off on its way before is sent anew.

    Raises:
        UsageError: no address.
        MissingExtra: mlflow is not installed.
        StoreError: the server cannot be reached, or refuses; what was sent by then is whole, and the rest can be sent
            by the same call later.
    """
    check_uri(uri)
    held = list(runs)
    if not held:
        return Sent(0, 0)
    _reach(uri)
    sent, there, drawn = 0, 0, 0
    with _manners(), _said(uri):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        for task, group in entries.by_task(held).items():
            experiment = _experiment(client, task)
            whole, broken = _known(client, experiment)
            for run in group:
                if run.id in whole:
                    there += 1
                else:
                    for key in broken.get(run.id, ()):
                        client.delete_run(key)
                    drawn += _send(client, experiment, run, pictures, files(run) if files else {})
                    whole.add(run.id)
                    sent += 1
                if on_run:
                    on_run(run)
    return Sent(sent, there, drawn)


def _experiment(client: Any, task: str) -> str:
    name = entries.cut(task, 500)
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name, tags={"spoton.task": entries.cut(task, 5000)}))
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _known(client: Any, experiment: str) -> tuple[set[str], dict[str, list[str]]]:
    """Ids of spoton's runs that are whole, and of those that are not with their keys there."""
    whole, broken = set[str](), dict[str, list[str]]()
    token = None
    while True:
        page = client.search_runs([experiment], max_results=1000, page_token=token)
        for found in page:
            uuid = found.data.tags.get(entries.UUID)
            if uuid is None:
                continue
            if entries.WHOLE in found.data.tags:
                whole.add(uuid)
            else:
                broken.setdefault(uuid, []).append(found.info.run_id)
        token = page.token
        if not token:
            return whole, broken


def _send(client: Any, experiment: str, run: Run, pictures: bool, files: Mapping[str, tuple[str, bytes]]) -> int:
    """One run; how many pictures went with it."""
    from mlflow.entities import Metric, Param, RunTag

    began, ended = entries.milliseconds(run.started), entries.milliseconds(run.finished)
    name = f"{run.learner}, seed {run.seed}"
    made = client.create_run(experiment, start_time=began, tags={entries.UUID: run.id}, run_name=entries.cut(name, 250))
    key = made.info.run_id
    for lot in entries.lots(entries.params(run).items(), entries.PARAMS_AT_ONCE):
        client.log_batch(key, params=[Param(*pair) for pair in lot])
    for tagged in entries.lots(entries.tags(run).items(), entries.TAGS_AT_ONCE):
        client.log_batch(key, tags=[RunTag(*pair) for pair in tagged])
    time = ended or made.info.start_time
    for values in entries.lots(entries.points(run), entries.METRICS_AT_ONCE):
        client.log_batch(key, metrics=[_metric(Metric, point, time) for point in values])
    with TemporaryDirectory(prefix="spoton-mlflow-") as folder:
        drawn = _draw(run, Path(folder)) if pictures else 0
        if drawn:
            client.log_artifacts(key, folder, "pictures")
        for name, (_, data) in files.items():
            if name == Path(name).name and name not in NOT_FILES:  # names in a stranger's store may lead elsewhere
                kept = Path(folder) / name
                kept.write_bytes(data)
                client.log_artifact(key, str(kept), "kept")
        line = Path(folder) / "run.json"
        line.write_text(run.to_json() + "\n", encoding="utf-8")
        client.log_artifact(key, str(line))
    client.set_terminated(key, "FAILED" if run.status == "failed" else "FINISHED", end_time=ended)
    client.set_tag(key, entries.WHOLE, "true")
    return drawn


def _metric(kind: Any, point: Point, time: int) -> Any:
    return kind(point.name, point.value, time, point.step)


def _draw(run: Run, folder: Path) -> int:
    """The pictures of the gallery as files; how many there are."""
    from spoton.gallery import pictures

    figures = pictures(run)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png")
        figure.clear()
    return len(figures)


def _reach(uri: str) -> None:
    """Ask within seconds whether anybody listens; MLflow would try for minutes."""
    parts = urlsplit(uri)
    if parts.scheme not in PORTS:
        return
    try:
        if not parts.hostname:
            raise OSError("it names no host")
        socket.create_connection((parts.hostname, parts.port or PORTS[parts.scheme]), PATIENCE).close()
    except (OSError, ValueError) as error:  # a ValueError: a port that is no number
        raise StoreError(f"the MLflow server {shown(uri)} cannot be reached ({error})") from error


@contextmanager
def _manners() -> Iterator[None]:
    """MLflow reads these from the environment; those that the user has set stay."""
    added = {key: value for key, value in (MANNERS | SILENCE).items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            os.environ.pop(key, None)


@contextmanager
def _said(uri: str) -> Iterator[None]:
    """What goes wrong at the server, in one sentence without its password."""
    require("mlflow")
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        reason = hide_passwords(" ".join(str(error).split()))[:300]
        if password := urlsplit(uri).password:
            reason = reason.replace(password, HIDDEN)
        raise StoreError(f"the MLflow server {shown(uri)} did not take the runs ({reason})") from error


def later(uri: str) -> str:
    """What to type when a server could not be reached."""
    return f"spoton export-runs --mlflow {shown(uri)}"
