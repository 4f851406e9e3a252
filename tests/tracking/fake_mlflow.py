"""A server that speaks as much of MLflow's REST as a client needs to send runs, and keeps what it is told."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PREFIX = "/api/2.0/mlflow/"


class Fake:
    """Experiments by name, runs by key, files by path; `asked` counts each call and the entries of log-batch."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.batches: list[tuple[int, int, int, int]] = []  # metrics, params, tags, bytes
        self.refuse_after: int | None = None  # so many more calls are answered
        self.uri = ""

    def answer(self, call: str, body: dict[str, Any], size: int) -> dict[str, Any] | None:
        """What MLflow would say; None where there is no such thing."""
        name, key = body.get("experiment_name") or body.get("name"), body.get("run_id")
        if call == "experiments/get-by-name":
            if name not in self.experiments:
                return None
            return {"experiment": {"experiment_id": self.experiments[name], "name": name, "lifecycle_stage": "active"}}
        if call == "experiments/create":
            return {"experiment_id": self.experiments.setdefault(str(name), str(len(self.experiments) + 1))}
        if call == "runs/create":
            key = secrets.token_hex(16)  # a client remembers where the files of a key go
            info = {
                "run_id": key,
                "run_uuid": key,
                "experiment_id": body["experiment_id"],
                "status": "RUNNING",
                "run_name": body.get("run_name"),
                "start_time": body.get("start_time") or 1,
                "user_id": "u",
                "lifecycle_stage": "active",
                "artifact_uri": f"mlflow-artifacts:/{key}",
            }
            self.runs[key] = {"info": info, "tags": body.get("tags", []), "params": [], "metrics": []}
            return {"run": self._run(key)}
        if call == "runs/search":
            wanted = [k for k, run in self.runs.items() if run["info"]["experiment_id"] in body["experiment_ids"]]
            return {"runs": [self._run(k) for k in wanted if self.runs[k]["info"]["lifecycle_stage"] == "active"]}
        if call == "runs/get":
            return {"run": self._run(str(key))}
        run = self.runs[str(key)]
        if call == "runs/log-batch":
            counts = [len(body.get(part, [])) for part in ("metrics", "params", "tags")]
            self.batches.append((counts[0], counts[1], counts[2], size))
            for part in ("metrics", "params", "tags"):
                run[part] += body.get(part, [])
        elif call == "runs/set-tag":
            run["tags"].append({"key": body["key"], "value": body["value"]})
        elif call == "runs/update":
            run["info"] |= {name: body[name] for name in ("status", "end_time") if name in body}
            return {"run_info": run["info"]}
        elif call == "runs/delete":
            run["info"]["lifecycle_stage"] = "deleted"
        else:
            raise AssertionError(f"the fake server does not know {call}")
        return {}

    def _run(self, key: str) -> dict[str, Any]:
        run = self.runs[key]
        return {"info": run["info"], "data": {part: run[part] for part in ("tags", "params", "metrics")}}


@contextmanager
def fake_server() -> Iterator[Fake]:
    """One that listens on loopback."""
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def _reply(self, status: int, answer: Any) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _handle(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(size)
            address = urlsplit(self.path)
            if fake.refuse_after is not None:
                fake.refuse_after -= 1
                if fake.refuse_after < 0:
                    return self._reply(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "enough for today"})
            if "/mlflow-artifacts/artifacts/" in address.path:
                fake.files[address.path.partition("/mlflow-artifacts/artifacts/")[2]] = data
                return self._reply(200, {})
            if PREFIX not in address.path:
                return self._reply(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": "no such thing"})
            body = json.loads(data) if data else {key: value[0] for key, value in parse_qs(address.query).items()}
            answer = fake.answer(address.path.partition(PREFIX)[2], body, size)
            if answer is None:
                return self._reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not there"})
            return self._reply(200, answer)

        do_GET = do_POST = do_PUT = _handle  # the names that http.server asks for

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    fake.uri = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
