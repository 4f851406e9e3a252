"""Two Ray nodes on this machine, and benches in which one of them dies: run by test_ray.py in a process of its own.

Ray looks at its token once a process, and what it starts ends with the process that started it.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

folder = Path(sys.argv[1])
# the last four: a machine with other work is slow to start processes, and Ray gives its workers the lowest priority
os.environ |= {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_TMPDIR": str(folder),  # the address of a cluster is written there; /tmp/ray may not exist, or be somebody's
    "PYTHONPATH": str(Path(__file__).parent),
    "RAY_worker_niceness": "0",
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "300",
    "RAY_worker_register_timeout_seconds": "300",
}
STRANGER = """
import sys, spoton
from spoton.errors import EngineError
try:
    spoton.bench("friedman2", "mean", seeds=1, engine="ray", address=sys.argv[1])
except EngineError as error:
    print(error)
"""


def main() -> None:
    """Prints what happened as JSON."""
    import numpy as np
    from ray.cluster_utils import Cluster
    from rough import Deadly, Slow, both_begun

    from spoton import Run, Task, bench
    from spoton.store import Store

    logging.getLogger("ray").setLevel(logging.CRITICAL)
    said: dict[str, object] = {}
    start = time.monotonic()
    (folder / "ray").mkdir()  # as `ray start` does, and Cluster does not
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, "temp_dir": str(folder / "r")}
    )
    try:
        second = cluster.add_node(num_cpus=1)
        said["started"] = time.monotonic() - start
        X = np.random.RandomState(0).rand(60, 3)
        own = Task.from_arrays("mine", X, X[:, 0])
        store = Store.open(folder / "s.db")
        where = {"engine": "ray", "address": cluster.address, "store": store}

        seen: list[Run] = []

        def kill(run: Run) -> None:
            seen.append(run)
            if len(seen) == 3:
                cluster.remove_node(second, allow_graceful=False)

        learners = [(f"slow{i}", Slow(0.5, str(folder))) for i in range(5)]
        runs = bench([own, "friedman2"], learners, seeds=2, on_run=kill, **where)  # type: ignore[arg-type]
        said["node"] = [(run.task, run.learner, run.seed, run.status, run.reason) for run in runs]
        said["in_store"] = len(store.runs())
        said["command"] = sorted({run.provenance["command"] for run in runs})

        runs = bench(
            own,
            [("always", Deadly(99, folder=str(folder))), ("once", Deadly(1, folder=str(folder))), "mean"],
            seeds=[7],
            **where,  # type: ignore[arg-type]
        )
        said["deadly"] = [(run.learner, run.status, run.reason) for run in runs]

        def stop(run: Run) -> None:
            both_begun(folder, 99)
            raise KeyboardInterrupt

        endless = [("quick", Slow(0.0, str(folder))), ("endless", Slow(9.0, str(folder)))]
        try:
            bench(own, endless, seeds=[99], on_run=stop, **where)  # type: ignore[arg-type]
        except KeyboardInterrupt:
            said["interrupted"] = True
        store.close()
        found = subprocess.run(
            [sys.executable, "-c", STRANGER, cluster.address],
            env=os.environ | {"RAY_AUTH_TOKEN": secrets.token_hex(32)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        said["stranger"] = found.stdout.strip() or found.stderr[-500:]
    finally:
        cluster.shutdown()
    said["seconds"] = time.monotonic() - start
    said["ended"] = len(list(folder.glob("ended-99-*")))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
