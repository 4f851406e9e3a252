"""The optional packages: what is there, and what is missing for what."""

from __future__ import annotations

from collections.abc import Iterator

from spoton.doctor._finding import Finding
from spoton.doctor._imports import Result, tried
from spoton.optional import EXTRAS, installed

GROUP = "extras"
# what each is for, as it follows "for"
FOR = {
    "boxes": "scoring object boxes as COCO does",
    "dask": "benches on a Dask cluster",
    "db": "stores in MariaDB, MySQL and PostgreSQL",
    "fast": "faster scans and points on CPUs",
    "mars": "the learner mars",
    "mlflow": "sending runs to an MLflow server",
    "onnx": "exporting nets to ONNX",
    "peers": "comparisons with what others make, in benchmarks/",
    "ray": "benches on a Ray cluster",
    "serve": "models as an HTTP service",
    "tables": "the tasks real/... that come inside statsmodels",
    "trees": "the learners lightgbm and xgboost",
}


def check(imports: bool) -> Iterator[Finding]:
    """One finding an extra."""
    groups: dict[str, list[str]] = {}
    for package, extra in EXTRAS.items():
        groups.setdefault(extra, []).append(package)
    there = [package for extra in sorted(groups) for package in groups[extra] if installed(package)]
    found, results = dict[str, Result](), tried(there) if imports else iter(())
    for extra, packages in sorted(groups.items()):
        while imports and any(package in there and package not in found for package in packages):
            package, result = next(results)
            found[package] = result
        yield _finding(extra, packages, found)


def _finding(extra: str, packages: list[str], found: dict[str, Result]) -> Finding:
    purpose = f"for {FOR[extra]}" if extra in FOR else "see pyproject.toml"
    how = f"pip install 'spoton[{extra}]'"
    broken = [f"{package} ({found[package][0]})" for package in packages if found.get(package, ("", ""))[0]]
    missing = [package for package in packages if not installed(package)]
    if broken:
        words = f"{', '.join(broken)} cannot be used; {purpose}"
        return Finding(GROUP, extra, "broken", words, f"{how} --force-reinstall")
    if missing:
        return Finding(GROUP, extra, "missing", f"{', '.join(missing)} not installed; {purpose}", how)
    return Finding(GROUP, extra, "ok", f"{', '.join(packages)}; {purpose}")
