"""Imports packages in a process of their own, one after the other: a package that kills it kills nobody else.

`python -m spoton.doctor._imports NAME ...` prints two marked lines of JSON a package, before and after it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

MARK = "spoton-doctor "  # packages print as well
PATIENCE = 900.0  # seconds for all of them: the first import of torch on a cold, busy machine takes minutes


def tried(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Package -> (what is wrong, or empty; what else was found), each imported after those before it."""
    left, found = list(names), dict[str, tuple[str, str]]()
    while left:
        begun, ended, code = _child(left)
        found |= ended
        if begun is None or begun in ended:
            found |= {name: ("it was not reached", "") for name in left if name not in found}
            break
        found[begun] = (f"its import ended the process ({code})", "")
        left = left[left.index(begun) + 1 :]
    return found


def _child(names: Sequence[str]) -> tuple[str | None, dict[str, tuple[str, str]], str]:
    """The last package that was begun, what was found of those that ended, and how the process ended."""
    command = [sys.executable, "-m", "spoton.doctor._imports", *names]
    try:
        out = subprocess.run(
            command, capture_output=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL, env=dict(os.environ)
        )
        text, code = out.stdout, f"exit code {out.returncode}"
    except subprocess.TimeoutExpired as error:
        text, code = error.stdout or b"", f"no end after {PATIENCE:.0f} s"
    begun, ended = None, dict[str, tuple[str, str]]()
    for line in text.decode("utf-8", "replace").splitlines():
        if line.startswith(MARK):
            told = json.loads(line.removeprefix(MARK))
            begun = told["name"]
            if "wrong" in told:
                ended[begun] = (told["wrong"], told["facts"])
    return begun, ended, code


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
