"""Model folders that somebody changed: files with their hashes put right, so that what is inside is looked at."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ESTIMATOR, WEIGHTS, CARD = "estimator.skops", "weights.safetensors", "model.json"


def rewrite(folder: Path, name: str, held: bytes) -> None:
    """Put other bytes in a file, with a card that says so."""
    (folder / name).write_bytes(held)
    card = json.loads((folder / CARD).read_text())
    card["files"][name] = {"sha256": hashlib.sha256(held).hexdigest(), "bytes": len(held)}
    (folder / CARD).write_text(json.dumps(card))


def unzipped(held: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(held)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, held in members.items():
            archive.writestr(name, held)
    return out.getvalue()


def with_schema(folder: Path, change: Callable[[Any], Any]) -> None:
    """Change what the estimator's file says that it holds."""
    members = unzipped((folder / ESTIMATOR).read_bytes())
    schema = json.loads(members["schema.json"])
    members["schema.json"] = json.dumps(change(schema)).encode()
    rewrite(folder, ESTIMATOR, zipped(members))


def nodes(value: Any) -> list[dict[str, Any]]:
    """All nodes of a schema, the outer ones first."""
    found = [value] if isinstance(value, dict) and "__loader__" in value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [node for part in inner for node in nodes(part)]
