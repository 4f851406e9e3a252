"""`spoton export`: a kept model as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spoton.cli._output import Json, Output, Quiet
from spoton.cli._predict import ModelFolder, Module, load


def export(
    model: ModelFolder,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[INPUTS]...", help="Images or a table to check it on; held-out rows of the task by default."
        ),
    ] = None,
    onnx: Annotated[Path | None, typer.Option(help="Write ONNX to this file (extra: onnx).")] = None,
    torch: Annotated[Path | None, typer.Option(help="Write a graph for torch.export.load to this .pt2 file.")] = None,
    hard: Annotated[bool, typer.Option("--hard", help="The net as an exact rule: spotnet and gatedspot.")] = False,
    module: Module = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write a model to ONNX or torch.export, checked against it on real inputs; what fails the check is not written."""
    from spoton.errors import UsageError

    out = Output(json, quiet)
    for option, path, suffix in (("--onnx", onnx, ".onnx"), ("--torch", torch, ".pt2")):
        if path is not None and path.suffix != suffix:
            raise UsageError(f"{option} writes a file that ends in {suffix}, not '{path.name}'; name it so")
    out = Output(json, quiet)
    paths = [path for path in (onnx, torch) if path is not None]
    if not paths:
        raise UsageError("nothing is asked for; say --onnx FILE.onnx, --torch FILE.pt2, or both")
    from spoton.cli._progress import waiting

    with waiting(f"exporting {model}, and checking it", quiet=quiet):
        from spoton.export import export_model
        from spoton.export._model import inputs_of

        loaded = load(model, module, None)
        found = export_model(loaded, paths, inputs_of(inputs, loaded.card) if inputs else None, hard=hard)
    for check in found:
        out.remark(str(check))
    out.write({"model": model, "files": [check.to_dict() for check in found]})
