"""Spoils model folders at random and loads them: `python fuzz.py FOLDER COUNT SEED`. Prints how it went, as JSON.

A process of its own, so that a crash of compiled code is seen as one. An audit hook ends it where anything is run, sent
or written.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import tempfile
import traceback
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import tamper

from spoton.errors import SpotonError
from spoton.models import load_model

FORBIDDEN = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "socket.connect")
FORBIDDEN += ("pickle.find_class",)
SECONDS = 60  # for one folder
NUMBERS = (0, -1, 1, 3, 2**31, 2**63, -(2**40), 0.5, float("nan"))
JUNK: tuple[Any, ...] = (None, True, *NUMBERS, "", "x", "0", [], {}, [1], {"a": 1})


def forbid(folder: str) -> None:
    """From now on nothing is run, sent, or written outside of the folder."""

    def hook(event: str, words: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(words[1], str) and set(words[1]) & set("wax+")
        if event in FORBIDDEN or (writes and not str(words[0]).startswith(folder)):
            print(f"FORBIDDEN {event} {words!r:.200}", file=sys.stderr, flush=True)
            traceback.print_stack()
            import os

            os._exit(99)

    sys.addaudithook(hook)


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """(container, key) of everything within."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        found.append((value, key))
        places(inner, found)
    return found


def spoil_json(value: Any, rng: random.Random) -> Any:
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = places(value, [])
        holder, key = rng.choice(at)
        other, from_ = rng.choice(at)
        how = rng.randrange(6)
        if how == 0:
            del holder[key]
        elif how == 1:
            holder[key] = deepcopy(other[from_])
        elif how == 2 and isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] += rng.choice((-1, 1, 7, 1000, -0.5, 10**9))
        elif how == 3 and isinstance(holder[key], str) and holder[key]:
            text = holder[key]
            i = rng.randrange(len(text))
            holder[key] = text[:i] + rng.choice(("", "0", "9", "-", "e9", "]", "a")) + text[i + 1 :]
        else:
            holder[key] = deepcopy(rng.choice(JUNK))
    return value


def spoil_bytes(held: bytes, rng: random.Random) -> bytes:
    out = bytearray(held)
    for _ in range(rng.choice((1, 1, 2, 8))):
        i = rng.randrange(len(out) + 1)
        how = rng.randrange(5)
        if how == 0 and out:
            out[i % len(out)] ^= 1 << rng.randrange(8)
        elif how == 1 and out:
            out[i % len(out)] = rng.choice((0, 255, 127, 128, 1))
        elif how == 2:
            del out[i : i + rng.choice((1, 4, 100, len(out)))]
        elif how == 3:
            out[i:i] = bytes(rng.randrange(256) for _ in range(rng.choice((1, 4, 8))))
        else:
            out[i : i + 8] = rng.choice((b"\x00", b"\xff", b"\x7f")) * 8
    return bytes(out)


def spoil(folder: Path, rng: random.Random) -> str:
    how = rng.choice(("card", "raw", "schema", "schema", "schema", "schema", "member", "member", "archive", "weights"))
    name = tamper.WEIGHTS if how == "weights" and (folder / tamper.WEIGHTS).exists() else tamper.ESTIMATOR
    if how == "card":
        card = spoil_json(json.loads((folder / tamper.CARD).read_text()), rng)
        (folder / tamper.CARD).write_text(json.dumps(card))
    elif how == "raw":
        path = folder / rng.choice((tamper.CARD, name))
        path.write_bytes(spoil_bytes(path.read_bytes(), rng))
    elif how == "schema":
        tamper.with_schema(folder, lambda schema: spoil_json(schema, rng))
    elif how == "member":
        members = tamper.unzipped((folder / name).read_bytes())
        chosen = rng.choice(list(members))
        members[chosen] = spoil_bytes(members[chosen], rng)
        tamper.rewrite(folder, name, tamper.zipped(members))
    else:
        tamper.rewrite(folder, name, spoil_bytes((folder / name).read_bytes(), rng))
    return how


def late(*_: Any) -> None:
    raise SystemExit("one folder took too long")


def main(root: str, count: int, seed: int) -> None:
    kinds = sorted(path for path in Path(root).iterdir() if path.is_dir())
    held = {path: {each.name: each.read_bytes() for each in path.iterdir()} for path in kinds}
    inputs = {path: np.load(path.with_suffix(".npy")) for path in kinds}
    for path in kinds:
        load_model(path).predict(inputs[path])  # all is imported now
    with tempfile.TemporaryDirectory() as place:
        forbid(place)
        signal.signal(signal.SIGALRM, late)
        counts: Counter[str] = Counter()
        folder = Path(place) / "model"
        folder.mkdir()
        for number in range(count):
            rng = random.Random(f"{seed}-{number}")
            path = rng.choice(kinds)
            for each in folder.iterdir():
                each.unlink()
            for name, content in held[path].items():
                (folder / name).write_bytes(content)
            how = "spoilt"
            signal.alarm(SECONDS)
            print(number, path.name, file=sys.stderr, flush=True)
            try:
                how = spoil(folder, rng)
                model = load_model(folder)
                counts[f"{how} loaded"] += 1
                model.predict(inputs[path])
                counts[f"{how} predicted"] += 1
            except SpotonError as error:
                if "\n" in str(error):
                    raise
                counts[f"{how} refused"] += 1
            signal.alarm(0)
    print(json.dumps(counts))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
