"""Imports packages in a process of their own, one after the other: a package that kills it kills nobody else.

`python -m spoton.doctor._imports NAME ...` prints two marked lines of JSON a package, before and after it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Thread
from typing import Any

MARK = "spoton-doctor "  # packages print as well
PATIENCE = 300.0  # seconds for one: the first import of torch on a cold, busy machine takes a minute

Result = tuple[str, str]  # what is wrong, or empty; what else was found


def tried(names: Sequence[str]) -> Iterator[tuple[str, Result]]:
    """Each package when it is known what importing it, after those before it, gives."""
    left = list(names)
    while left:
        with _child(left) as (child, lines):
            begun, late = "", False
            while (line := _next(lines)) is not None:
                if not line.startswith(MARK):
                    continue
                told = json.loads(line.removeprefix(MARK))
                begun = told["name"]
                if "wrong" in told:
                    left.remove(begun)
                    yield begun, (told["wrong"], told["facts"])
                    begun = ""
            late = child.poll() is None and not _ended(child)
        if not begun:
            yield from ((name, ("it was not reached", "")) for name in left)
            return
        how = f"did not end within {PATIENCE:.0f} s" if late else f"ended the process (exit code {child.returncode})"
        left.remove(begun)
        yield begun, (f"its import {how}", "")


@contextmanager
def _child(names: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], Queue[str | None]]]:
    """A process that imports them, and the lines that it prints, None at their end."""
    command = [sys.executable, "-m", "spoton.doctor._imports", *names]
    lines: Queue[str | None] = Queue()
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ)
    )

    def read() -> None:
        for raw in child.stdout or ():
            lines.put(raw.decode("utf-8", "replace"))
        lines.put(None)

    reader = Thread(target=read, daemon=True)
    reader.start()
    try:
        yield child, lines
    finally:
        child.kill()
        child.wait()
        reader.join(5.0)
        if child.stdout and not reader.is_alive():  # what it has started may hold its output open
            child.stdout.close()


def _next(lines: Queue[str | None]) -> str | None:
    """The next line; None where there is no more, or none in time."""
    try:
        return lines.get(timeout=PATIENCE)
    except Empty:
        return None


def _ended(child: subprocess.Popen[bytes]) -> bool:
    """A process that has closed its output is about to end."""
    try:
        child.wait(1.0)
    except subprocess.TimeoutExpired:
        return False
    return True


def _torch(torch: Any) -> str:
    """Graphics processors, each tried with a sum."""
    kinds = []
    if torch.cuda.is_available():
        for i in range(torch.cuda.device_count()):
            torch.ones(2, 3, device=f"cuda:{i}").sum().item()
            kinds.append(f"{torch.cuda.get_device_name(i)} (cuda:{i})")
    if torch.backends.mps.is_available():
        torch.ones(2, 3, device="mps").sum().item()
        kinds.append("Apple's (mps)")
    return ", ".join(kinds)


def _torchvision(torchvision: Any) -> str:
    """Its compiled operators fit this torch: with another one they are not there."""
    import torch

    box = torch.tensor([[0.0, 0.0, 2.0, 3.0]])
    torchvision.ops.nms(box, torch.ones(1), 0.5)
    return ""


def _numba(numba: Any) -> str:
    """It compiles."""
    numba.njit(lambda n: n + 1)(1)
    return ""


PROBES: dict[str, Callable[[Any], str]] = {"torch": _torch, "torchvision": _torchvision, "numba": _numba}


def main(names: Sequence[str]) -> None:
    """Import each, and tell."""
    for name in names:
        _tell(name=name)
        wrong = facts = ""
        try:
            module = importlib.import_module(name)
            facts = PROBES[name](module) if name in PROBES else ""
        except BaseException as error:  # packages end processes too
            wrong = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        _tell(name=name, wrong=wrong, facts=facts)


def _tell(**told: str) -> None:
    # the line begins anew, whatever a package has left on it
    print(f"\n{MARK}{json.dumps(told)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
