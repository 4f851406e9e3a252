"""`spoton export`: a kept model as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spoton.cli._output import Json, Output, Quiet


def export(
    model: Annotated[Path, typer.Argument(help="Folder of a model, as spoton fit writes it.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(help="IMAGES or a TABLE to check the files on; the task's own held-out rows by default."),
    ] = None,
    onnx: Annotated[Path | None, typer.Option(help="Write ONNX to this file (extra: onnx).")] = None,
    torch: Annotated[Path | None, typer.Option(help="Write a graph for torch.export.load to this .pt2 file.")] = None,
    hard: Annotated[bool, typer.Option("--hard", help="The net as an exact rule: spotnet and gatedspot.")] = False,
    module: Annotated[str | None, typer.Option(help="The model's own net, where it has one: FILE.py:NAME.")] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Write a model to ONNX or torch.export, checked against it on real inputs; what fails the check is not written."""
    from spoton.errors import UsageError

    out = Output(json, quiet)
    for option, path, suffix in (("--onnx", onnx, ".onnx"), ("--torch", torch, ".pt2")):
        if path is not None and path.suffix != suffix:
            raise UsageError(f"{option} writes a file that ends in {suffix}, not '{path.name}'; name it so")
    paths = [path for path in (onnx, torch) if path is not None]
    if not paths:
        raise UsageError("nothing is asked for; say --onnx FILE.onnx, --torch FILE.pt2, or both")
    from spoton.cli._own import own_net
    from spoton.cli._progress import waiting

    with waiting(f"exporting {model}, and checking it", quiet=quiet):
        from spoton.export import export_model
        from spoton.export._given import read_inputs
        from spoton.models import load_model

        loaded = load_model(model, net=own_net(module))
        given = read_inputs(inputs, loaded.card) if inputs else None
        found = export_model(loaded, paths, given, hard=hard)
    for check in found:
        out.remark(str(check))
    out.write([check.to_dict() for check in found])
