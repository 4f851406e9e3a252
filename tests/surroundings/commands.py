"""Runs several commands of spoton in one process, as `python -m spoton` would each: Python starts and imports but once.

`python commands.py WORDS.json OUT.json`: the file holds a list of lists of words; what became of each is written as a
list of [exit code, what it said on standard output, on standard error].
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback


def once(words: list[str]) -> tuple[int, str, str]:
    """One command: its exit code and what it said; a traceback is what would end a process with 1."""
    from spoton.cli import main

    sys.argv = ["spoton", *words]
    out, err = io.StringIO(), io.StringIO()
    code: int = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            code = 1
            traceback.print_exc()
    return code, out.getvalue(), err.getvalue()


def run(source: str, target: str) -> None:
    """All commands of a file."""
    with open(source, encoding="utf-8") as file:
        commands = json.load(file)
    found = [once(words) for words in commands]
    with open(target, "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(found, file)


if __name__ == "__main__":
    run(*sys.argv[1:])
