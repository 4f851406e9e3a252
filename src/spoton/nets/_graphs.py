"""Nets as files for other programs: a graph of `torch.export`, or of ONNX, written at once or not at all."""

from __future__ import annotations

import io
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spoton.errors import DataError, UsageError
from spoton.optional import require

SUFFIXES = (".onnx", ".pt2")
FACTS = "spoton.json"  # where a .pt2 keeps what an .onnx has as metadata


def check_suffix(path: Path) -> None:
    """Raise unless a graph can be written to a file of this name.

    Raises:
        UsageError: another suffix.
        MissingExtra: the extra `onnx` is not installed.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(f"a net is exported to a file that ends in {' or '.join(SUFFIXES)}, not '{path.name}'")
    if path.suffix == ".onnx":
        for package in ("onnx", "onnxscript"):
            require(package)


def to_graph(net: nn.Module, example: Tensor, axes: Mapping[int, str], least: int = 1) -> torch.export.ExportedProgram:
    """The graph of a net with one input.

    Args:
        net: in evaluation, on the CPU.
        example: an input, whose sizes all differ, so that no two axes are taken for each other.
        axes: which axes of the input are left open, and their names.
        least: the smallest size of these but the first one.
    """
    open_axes = {axis: torch.export.Dim(name, min=least if axis else 1) for axis, name in axes.items()}
    with _quiet(), torch.no_grad():
        return torch.export.export(net, (example,), dynamic_shapes=(open_axes,))


def write_graph(
    program: torch.export.ExportedProgram,
    path: Path,
    names: tuple[str, str],
    axes: Mapping[int, str],
    facts: Mapping[str, str] | None = None,
) -> None:
    """Write a graph to a file, by its suffix.

    Args:
        program: of `to_graph`.
        path: `.onnx`, or `.pt2` for `torch.export.load`.
        names: of the input and of the output, for ONNX.
        axes: as for `to_graph`.
        facts: what the file says of itself: metadata of ONNX, and the extra file `spoton.json` of a `.pt2`.
    """
    held = io.BytesIO()  # torch ends the process where the disk is full
    if path.suffix == ".pt2":
        with _quiet():
            torch.export.save(program, held, extra_files={FACTS: json.dumps(dict(facts))} if facts else None)
    else:
        options: dict[str, Any] = {"input_names": names[:1], "output_names": names[1:], "dynamic_shapes": (dict(axes),)}
        with _quiet():
            found: Any = torch.onnx.export(program, dynamo=True, verbose=False, **options)
            found.model.metadata_props.update(facts or {})
            found.model.producer_name = "spoton, by torch"
            found.save(held)
    path.write_bytes(held.getbuffer())


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name beside `path`; what was written there becomes `path` when all went well, and is removed otherwise.

    Raises:
        UsageError: there is no such folder, or it is a folder.
        DataError: the disk does not take it.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{path} cannot be written: {'it is a' if path.is_dir() else 'there is no such'} folder")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.absolute().parent)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror}); name another file") from error
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        mask = os.umask(0)
        os.umask(mask)
        partial.chmod(0o666 & ~mask)  # temporary files are for their owner alone
        partial.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}); name another file") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch's exporters say of themselves."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
