"""Ray: two nodes on this machine, with a token."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed (the extra `ray`)"),
    pytest.mark.skipif(os.name != "posix", reason="Ray starts clusters on Linux and macOS"),
]


@pytest.fixture(scope="module")
def said() -> Iterator[dict[str, Any]]:
    """What ray_nodes.py says, and that it leaves no process."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:  # sockets need a short path
        found = subprocess.run(
            [sys.executable, str(Path(__file__).parent / "ray_nodes.py"), folder],
            capture_output=True,
            text=True,
            timeout=1200,
        )
        assert found.returncode == 0, found.stdout[-2000:] + found.stderr[-4000:]
        yield {**json.loads(found.stdout.splitlines()[-1]), "left": _left(folder)}


def _left(folder: str) -> list[str]:
    """Processes of the cluster that are still there after five seconds."""
    lines: list[str] = []
    for _ in range(50):
        every = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout.splitlines()
        lines = [line for line in every if folder in line and "ps -eo" not in line]
        if not lines:
            break
        time.sleep(0.1)
    return lines


def test_a_node_that_dies_in_mid_bench_loses_nothing_and_nothing_is_there_twice(said: dict[str, Any]) -> None:
    rows = [tuple(row) for row in said["node"]]
    assert [row[:3] for row in rows] == [
        (task, f"slow{i}", seed) for task in ("mine", "friedman2") for i in range(5) for seed in (0, 1)
    ]
    assert {row[3:] for row in rows} == {("ok", "")}
    assert said["in_store"] == 20


def test_runs_of_workers_tell_the_command_of_the_bench(said: dict[str, Any]) -> None:
    (command,) = said["command"]
    assert command.startswith("ray_nodes.py ")


def test_a_cell_that_kills_every_worker_is_a_failed_run(said: dict[str, Any]) -> None:
    always, once, mean = said["deadly"]
    assert always[:2] == ["always", "failed"]
    assert "its worker died 3 times, at last alone" in always[2]
    assert once == ["once", "ok", ""]
    assert mean == ["mean", "ok", ""]


def test_ctrl_c_ends_the_cells_of_workers(said: dict[str, Any]) -> None:
    assert said["interrupted"]
    assert said["ended"] == 1  # the quick one


def test_without_the_right_token_nobody_joins(said: dict[str, Any]) -> None:
    assert "cannot be joined" in said["stranger"]
    assert "RAY_AUTH_TOKEN" in said["stranger"]


def test_no_process_is_left(said: dict[str, Any]) -> None:
    assert said["left"] == []
