"""The digits inside the package, and the full sets that SPOTON_DATA names or that were downloaded."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from spoton.doctor._finding import Finding

GROUP = "data"
DIGITS = Path(__file__).parents[1] / "tasks" / "_data" / "digits.npz"
VARIABLE = "SPOTON_DATA"


def check() -> Iterator[Finding]:
    """Two findings."""
    yield _embedded()
    yield _full(os.environ.get(VARIABLE))


def _embedded() -> Finding:
    name, again = "embedded digits", "pip install --force-reinstall --no-deps spoton"
    try:
        with zipfile.ZipFile(DIGITS) as archive:  # checks the sum of each part, and needs no NumPy
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        return Finding(GROUP, name, "broken", f"{DIGITS} cannot be read ({error})", again)
    if damaged:
        return Finding(GROUP, name, "broken", f"{damaged} in {DIGITS} is damaged", again)
    return Finding(GROUP, name, "ok", f"{DIGITS.stat().st_size / 1e6:.1f} MB, whole")


def _full(place: str | None) -> Finding:
    from spoton.tasks._digits import downloads, sources_at

    if not place:
        kept = downloads()
        there = ", ".join(sorted(path.name for path in kept.iterdir() if path.is_dir())) if kept.is_dir() else ""
        words = f"{VARIABLE} is not set; {f'{kept} has {there}' if there else f'they would be downloaded to {kept}'}"
        return Finding(GROUP, "full sets", "ok" if there else "missing", f"{words}; for ?data=mnist and so on")
    if not Path(place).exists():
        return Finding(
            GROUP, "full sets", "broken", f"{VARIABLE} names {place}, which does not exist", "mend or unset it"
        )
    found = sources_at(Path(place))
    if not found:
        what = "give an npz file, or a folder of IDX files"
        return Finding(GROUP, "full sets", "missing", f"{VARIABLE} names {place}, where no set was found", what)
    return Finding(GROUP, "full sets", "ok", f"{VARIABLE} names {place}: {', '.join(found)}")
