"""Where a run comes from: code, packages, machine, command. Cheap: once a process, nothing imported."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "pandas", "torch", "torchvision", "skorch", "fastai", "lightgbm"),
    *("xgboost", "numba"),
)
HIDDEN = "***"
OF_THE_CALLER = ("command", "folder_commit", "folder_dirty")  # what a worker has of its own says nothing
_IN_ADDRESS = re.compile(r"(://[^\s:/?#@]*:)\S*@")  # up to the last @: rather too much than a part of a password
_IN_QUERY = re.compile(
    r"(?i)([?&](?:password|passwd|pwd|sslpassword|token|access_token|api_?key|secret|sig|signature)=)[^&\s'\"]*"
)


def now() -> str:
    """The time in UTC, to the microsecond; as texts such times sort in order."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hide_passwords(text: str) -> str:
    """The text with *** for the passwords, tokens and keys of URLs."""
    text = _IN_ADDRESS.sub(lambda found: f"{found[1]}{HIDDEN}@", text)
    return _IN_QUERY.sub(lambda found: found[1] + HIDDEN, text)


def provenance() -> dict[str, Any]:
    """What is known of this process: git commits, packages, python, platform, cpu, gpu, command.

    Returns:
        Strings, booleans, None and dicts of strings; ready for JSON. `spoton_commit` is that of spoton's own source
        (None where it is installed without its repository), `folder_commit` that of the working folder.
    """
    return dict(_of_process(os.getcwd()))


def called_from_here(found: dict[str, Any]) -> dict[str, Any]:
    """The provenance that a worker gave a run, with the command and the folder of this process."""
    here = provenance()
    return found | {name: here[name] for name in OF_THE_CALLER}


@cache
def _of_process(folder: str) -> dict[str, Any]:
    here = Path(__file__).parent
    commit, dirty = _git(here, tracked="__init__.py")
    folder_commit, folder_dirty = _git(Path(folder))
    return {
        "spoton_commit": commit,
        "spoton_dirty": dirty,
        "folder_commit": folder_commit,
        "folder_dirty": folder_dirty,
        "packages": _packages(PACKAGES),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "gpu": _gpu(),
        "command": command(),
    }


def command() -> str:
    """The command line or the notebook that this process runs, without passwords."""
    if "ipykernel" in sys.modules:
        notebook = os.environ.get("JPY_SESSION_NAME", "")
        main = vars(sys.modules.get("__main__", sys)).get("__vsc_ipynb_file__", "")
        return f"notebook {notebook or main}".strip()
    words = list(sys.argv) if sys.argv and sys.argv[0] not in ("", "-c") else ["python", *sys.argv]
    words[0] = Path(words[0]).name if Path(words[0]).name != "__main__.py" else "spoton"
    return shlex.join(hide_passwords(word) for word in words)


def _packages(names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _git(folder: Path, tracked: str | None = None) -> tuple[str | None, bool | None]:
    """Commit and whether tracked files differ from it; None outside of a repository.

    `tracked` has to be a file of the repository: spoton in a .venv inside somebody's repository is not their code.
    """
    if tracked is not None and _asked(folder, "ls-files", "--error-unmatch", tracked) is None:
        return None, None
    commit = _asked(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None, None
    changes = _asked(folder, "status", "--porcelain", "--untracked-files=no")
    return commit, None if changes is None else bool(changes)


def _asked(folder: Path, *words: str) -> str | None:
    try:
        out = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},  # looking must not stand in the way of the user's own git
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return out.stdout.strip() if out.returncode == 0 else None


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.lower().startswith(("model name", "hardware")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _gpu() -> str:
    """Names of the graphics processors, without torch where the driver tells; empty where there is none."""
    names = []
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        names += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    torch = sys.modules.get("torch")
    if not names and torch is not None and hasattr(torch, "cuda") and torch.cuda.is_available():
        names = [str(torch.cuda.get_device_name(i)) for i in range(torch.cuda.device_count())]
    return ", ".join(names)


def settings_of(estimator: Any) -> dict[str, Any]:
    """All parameters of an estimator, ready for JSON; an estimator or a function inside by its name."""
    parameters = estimator.get_params() if hasattr(estimator, "get_params") else {}
    held = {"class": f"{type(estimator).__module__}.{type(estimator).__qualname__}"}
    return held | {str(key): _plain(value) for key, value in sorted(parameters.items(), key=lambda item: str(item[0]))}


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if value - value == 0 else repr(value)
    if isinstance(value, list | tuple) and len(value) <= 50:
        return [_plain(part) for part in value]
    if isinstance(value, dict) and len(value) <= 50:
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, type) or callable(value) or hasattr(value, "get_params"):
        named = value if hasattr(value, "__qualname__") else type(value)
        return f"{named.__module__}.{named.__qualname__}"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))[:300]  # an address tells nothing, and differs each time
