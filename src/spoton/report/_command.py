"""How a run is repeated: a command, and a line of Python."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from spoton._run import Run


@dataclass(frozen=True)
class Repeat:
    """How to make a run again.

    Attributes:
        command: for a shell; empty where there is none.
        python: for Python; empty where there is none.
        note: what else is to be said.
    """

    command: str = ""
    python: str = ""
    note: str = ""


def repeat(run: Run) -> Repeat:
    """How to make a run again, as far as its names reproduce it."""
    if run.details:
        return Repeat(
            note="The learner is an estimator made in Python, which no command can name; its parameters are below."
        )
    if run.own:
        made = _quoted(str(run.provenance.get("command", "")))
        if made.startswith("spoton bench "):
            return Repeat(made, note="The task is data of your own: the command that made the run names its files.")
        if made.startswith("spoton sweep "):
            return Repeat(made, note="A run of a sweep: the command made all of its trials, and knows those it finds.")
        return Repeat(note="The task is data of your own, which its name alone does not bring back.")
    words = ["spoton", "bench", run.task, "--learners", run.learner, "--seed", str(run.seed)]
    options = []
    if run.asked_train_size is not None:
        words += ["--train-size", str(run.asked_train_size)]
        options.append(f"train_size={run.asked_train_size}")
    if run.asked_epochs is not None:
        words += ["--epochs", str(run.asked_epochs)]
        options.append(f"epochs={run.asked_epochs}")
    if run.asked_history:
        words.append("--history")
        options.append(f"history={run.asked_history if run.asked_history > 1 else True}")
    if run.predictions:
        words.append("--keep-predictions")
        options.append("keep_predictions=True")
    words.append("--force")
    parts = [repr(run.learner), repr(run.task), f"seed={run.seed}", *options]
    python = f"import spoton\nrun = spoton.evaluate({', '.join(parts)})"
    return Repeat(shlex.join(words), python)


def _quoted(command: str) -> str:
    """The command with each word in quotes where a shell would do something with it: runs may come from strangers."""
    try:
        return shlex.join(shlex.split(command))
    except ValueError:  # an open quote
        return ""
