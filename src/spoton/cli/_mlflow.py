"""`--mlflow URI`: what the commands say of runs that go to an MLflow server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spoton.cli._output import Output

if TYPE_CHECKING:
    from spoton._run import Run
    from spoton.tracking import Files

Mlflow = Annotated[
    str | None,
    typer.Option(help="Send runs, histories and pictures to this MLflow server too, as in http://127.0.0.1:5000."),
]


def check(uri: str | None) -> None:
    """Before a long bench: whether it is an address, and MLflow is installed."""
    if uri is not None:
        from spoton.tracking import check_uri

        check_uri(uri)


def deliver(groups: Iterable[list[Run]], uri: str, out: Output, files: Files | None = None) -> dict[str, Any]:
    """Send runs, say how many, and give that as it is written in JSON.

    Raises:
        StoreError: as `send`.
    """
    from spoton._told import tell
    from spoton.tracking import send, shown

    sent, there, pictures, done = 0, 0, 0, 0

    def on_run(_: Run) -> None:
        nonlocal done
        done += 1
        tell("runs sent to MLflow", done)

    for runs in groups:
        one = send(runs, uri, files=files, on_run=on_run)
        sent, there, pictures = sent + one.sent, there + one.there, pictures + one.pictures
    if not out.quiet:
        typer.echo(f"MLflow at {shown(uri)}: {sent} runs with {pictures} pictures sent, {there} were there", err=True)
    return {"uri": shown(uri), "sent": sent, "there": there, "pictures": pictures}


def try_to_deliver(runs: list[Run], uri: str, store: str | None, name: str, out: Output) -> None:
    """After a bench: what goes wrong costs nothing, since the store `name` has all runs."""
    from spoton._provenance import hide_passwords
    from spoton.errors import SpotonError
    from spoton.tracking import later

    try:
        deliver([runs], uri, out)
    except SpotonError as error:
        where = f" --store {hide_passwords(store)}" if store else ""
        typer.echo(f"{error}; all runs are in {name}, and {later(uri)}{where} sends them", err=True)
