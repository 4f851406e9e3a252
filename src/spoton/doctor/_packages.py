"""The packages that spoton stands on: versions, and whether they work."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator

from spoton._version import __version__
from spoton.doctor._finding import Finding
from spoton.doctor._imports import Result, tried
from spoton.optional import installed

GROUP = "packages"
# import -> name of the package, in an order in which each needs those before it
CORE = {
    "numpy": "numpy",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
    "PIL": "pillow",
    "sqlalchemy": "sqlalchemy",
    "alembic": "alembic",
    "jinja2": "jinja2",
    "optuna": "optuna",
    "torch": "torch",
    "torchvision": "torchvision",
    "skorch": "skorch",
    "fastai": "fastai",
}
# what a bench imports of them
INNER = {"fastai": "fastai.learner", "sklearn": "sklearn.pipeline", "matplotlib": "matplotlib.figure"}

_KNOWN: dict[str, Result] = {}


def check(imports: bool) -> Iterator[Finding]:
    """One finding a package."""
    yield Finding(GROUP, "spoton", "ok", __version__)
    wanted, found = requirements(), dict[str, Result]()
    results = core_imports() if imports else iter(())
    for name, package in CORE.items():
        how = f"pip install '{package}{wanted.get(package, '')}'"
        if not installed(name):
            yield Finding(GROUP, package, "broken", "it is not installed", how)
            continue
        version, module = version_of(package), INNER.get(name, name)
        while imports and module not in found:
            known, result = next(results, (module, ("", "")))
            found[known] = result
        wrong, _ = found.get(module, ("", ""))
        if wrong:
            again = "pip install --upgrade torch torchvision" if name == "torchvision" else f"{how} --force-reinstall"
            yield Finding(GROUP, package, "broken", f"{version}, and it cannot be used: {wrong}", again)
        elif not _suits(version, wanted.get(package, "")):
            yield Finding(GROUP, package, "broken", f"{version}, and spoton needs {wanted[package]}", how)
        else:
            yield Finding(GROUP, package, "ok", version)


def core_imports() -> Iterator[tuple[str, Result]]:
    """What importing the core packages gives, by module, when it is known; once a process, since two groups ask."""
    modules = [INNER.get(name, name) for name in CORE if installed(name)]
    yield from _KNOWN.items()
    for module, result in tried([module for module in modules if module not in _KNOWN]):
        _KNOWN[module] = result
        yield module, result


def version_of(package: str) -> str:
    """Its version, or a question mark where its files do not say."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def requirements() -> dict[str, str]:
    """Package -> the versions that spoton needs, as in `>=2.4`; empty where spoton is not installed."""
    try:
        lines = importlib.metadata.requires("spoton") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    plain = [line for line in lines if "extra ==" not in line]
    pairs = [re.fullmatch(r"([\w.-]+)(?:\[.*\])?\s*([<>=!~][^;]*)?(;.*)?", line.strip()) for line in plain]
    return {pair[1].lower(): (pair[2] or "").strip() for pair in pairs if pair}


def _suits(version: str, wanted: str) -> bool:
    """Whether the version is among those wanted; yes where that cannot be told."""
    try:
        from packaging.specifiers import SpecifierSet
        from packaging.version import InvalidVersion, Version
    except ImportError:
        return True
    try:
        return SpecifierSet(wanted).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True
