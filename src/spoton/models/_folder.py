"""The folder of a model: written at once or not at all, and read with distrust."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from spoton.errors import DataError, UsageError
from spoton.models._card import LARGEST, NAME, Card

ESTIMATOR, WEIGHTS = "estimator.skops", "weights.safetensors"
FILES = (ESTIMATOR, WEIGHTS)


def check_free(folder: Path, *, force: bool) -> None:
    """Before a long fit, not after it.

    Raises:
        UsageError: something is there that may not be replaced, or the folder around it is not there.
    """
    if not folder.absolute().parent.is_dir():
        raise UsageError(f"{folder} cannot be written: there is no folder {folder.parent}; make it")
    if not os.path.lexists(folder):
        return
    if not _is_ours(folder):
        raise UsageError(f"{folder} is there already and is no model of spoton; name another folder")
    if not force:
        raise UsageError(f"{folder} holds a model already; name another folder, or replace it with --force")


def _is_ours(folder: Path) -> bool:
    """A folder with nothing in it but what a model has."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = set(os.listdir(folder))
    return NAME in names and names <= {NAME, *FILES}


def write_folder(folder: Path, card: Card, files: Mapping[str, bytes], *, force: bool) -> Card:
    """Write all beside the folder, then move it there.

    Returns:
        The card with the files' hashes.

    Raises:
        UsageError: see `check_free`.
        DataError: the disk does not take it.
    """
    check_free(folder, force=force)
    sums = {name: {"sha256": hashlib.sha256(held).hexdigest(), "bytes": len(held)} for name, held in files.items()}
    card = replace(card, files=sums)
    parent = folder.absolute().parent
    try:
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
        try:
            for name, held in {**files, NAME: card.to_json().encode()}.items():
                with (partial / name).open("wb") as stream:
                    stream.write(held)
                    stream.flush()
                    os.fsync(stream.fileno())
            partial.chmod(0o755 & ~_umask())
            if folder.exists():
                aside = partial.with_name(f"{partial.name}.old")
                folder.rename(aside)
                partial.rename(folder)
                shutil.rmtree(aside)
            else:
                partial.rename(folder)
        finally:
            if partial.exists():
                shutil.rmtree(partial)
    except OSError as error:
        raise DataError(
            f"the model {folder} cannot be written ({error.strerror or error}); name another folder"
        ) from error
    return card


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_card(folder: Path) -> Card:
    """The card of a model.

    Raises:
        DataError: there is none that can be read.
    """
    if not folder.is_dir():
        there = "is no folder" if folder.exists() else "is not there"
        raise DataError(f"a model is a folder that spoton fit wrote, and {folder} {there}; check the path")
    if not (folder / NAME).exists():
        raise DataError(f"{folder} has no {NAME}, so it is no model of spoton; give a folder that spoton fit wrote")
    held = _bytes(folder, NAME, LARGEST)
    try:
        return Card.from_json(held.decode("utf-8"))
    except UnicodeDecodeError:
        raise DataError(f"{folder / NAME} is damaged (it is not UTF-8); get the whole folder again") from None
    except DataError as error:
        raise DataError(f"{folder}: {error}") from None


def read_folder(folder: Path) -> tuple[Card, dict[str, bytes]]:
    """The card and the files of a model, these as they were written.

    Raises:
        DataError: one is missing, is not as it was written, or is no file of a model.
    """
    card = read_card(folder)
    if ESTIMATOR not in card.files:
        raise DataError(f"{folder / NAME} names no {ESTIMATOR}; get the whole folder again")
    files = {}
    for name, wanted in card.files.items():
        if name not in FILES:  # no path that leads elsewhere
            raise DataError(f"{folder / NAME} names a file {name!r}, and a model has {' and '.join(FILES)} alone")
        held = _bytes(folder, name, wanted["bytes"])
        if len(held) != wanted["bytes"] or hashlib.sha256(held).hexdigest() != wanted["sha256"]:
            raise DataError(f"{folder / name} is not the file that was written with {NAME}; get the whole folder again")
        files[name] = held
    return card, files


def _bytes(folder: Path, name: str, most: int) -> bytes:
    """A file's bytes, at most one more than there should be; a link may not lead out of the folder."""
    path = folder / name
    try:
        if path.is_symlink() and path.resolve().parent != folder.resolve():
            raise DataError(f"{path} is a link that leads out of the folder; put the file itself there")
        if not path.is_file():
            raise DataError(f"{folder} has no file {name}; get the whole folder again")
        with path.open("rb") as stream:
            return stream.read(max(most, 0) + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); check it") from error
