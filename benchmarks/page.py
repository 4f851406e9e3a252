"""All published tables on one page: docs/benchmarks.md, made of benchmarks/*.md.

    python benchmarks/page.py       # `make bench` does it last

What a table says of its machine, its versions and its seeds is repeated in the list at the top, in its own words; where
it says nothing, the list says so. A test fails where the page is older than a table.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
FIRST = ("points", "tables", "lists", "recorded")  # what is claimed; then the others by name
HEAD = """# Benchmarks

<!-- made by `python benchmarks/page.py` from benchmarks/*.md -->

Every figure that the other pages name stands in a table below, as its script wrote it. `make bench` runs the scripts
that take minutes and makes this page again; how the others are run, and how long they take, is said in their first
lines.

Where a table says seeds 100 to 104, or 20 seeds from 200, nothing was chosen on them, nor on test images: settings were
chosen on other seeds and on training rows. Times are those of the machine that is named, and a table that was made
beside other work says so.
"""
MACHINE = re.compile(
    r"\b(torch \d[\w.+]*|Python \d[\w.]*|spoton \d[\w.]*|\d+ CPU cores|\d+ cores|AMD \w+|Intel[\w ]*|H200|x86_64"
    r"|one thread(?: of a CPU)?(?: a fit)?|beside other work|had other work)"
)
SEEDS = re.compile(
    r"(?<!-)\b(over seeds(?! \d)|seeds \d+ to \d+|\d+ seeds from \d+|seeds? \d+\b(?! and)|\d+ seeds\b"
    r"|one seed|\d+ rounds)"
)


@dataclass(frozen=True)
class Table:
    """One file of benchmarks/*.md."""

    path: Path

    @property
    def name(self) -> str:
        """Its place on the page."""
        return self.path.stem.replace("_", "-")

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8").strip()

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def question(self) -> str:
        """What its script asks: the first sentence of the docstring."""
        script = self.path.with_suffix(".py")
        words = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) if script.exists() else None
        return " ".join((words or self.title).partition("\n\n")[0].split())

    def says(self, pattern: re.Pattern[str]) -> str:
        """All that its text says of something, each once."""
        found = dict.fromkeys(match.strip() for match in pattern.findall(self.text))
        whole = [words for words in found if not any(words != other and words in other for other in found)]
        return ", ".join(whole) or "not said"

    def body(self) -> str:
        """Its text a level lower, with links that are right in docs/."""
        lines = []
        for line in self.text.partition("\n")[2].strip().splitlines():
            if line.startswith("|"):  # columns that are padded with blanks are as wide without them
                line = re.sub(r" {2,}", " ", re.sub(r"-{4,}", "---", line))
            lines.append(f"#{line}" if line.startswith("#") else line)
        return re.sub(r"(?<=\]\()(?!https?:|#)([^)\s]+)", self._link, "\n".join(lines))

    def _link(self, found: re.Match[str]) -> str:
        path, mark, place = found.group().partition("#")
        target = posixpath.normpath(posixpath.join("benchmarks", path))
        if target.startswith("benchmarks/") and target.endswith(".md"):
            return f"#{posixpath.basename(target)[:-3].replace('_', '-')}"
        return posixpath.relpath(target, "docs") + mark + place


def tables() -> list[Table]:
    """All of them, in the order of the page."""
    found = {path.stem: Table(path) for path in sorted(HERE.glob("*.md"))}
    order = [name for name in FIRST if name in found] + [name for name in found if name not in FIRST]
    return [found[name] for name in order]


def page() -> str:
    """The whole page."""
    lines = ["| | asks | machine and versions | seeds or rounds |", "|---|---|---|---|"]
    for table in tables():
        asks = table.question.replace("|", "\\|")
        lines.append(f"| [{table.title}](#{table.name}) | {asks} | {table.says(MACHINE)} | {table.says(SEEDS)} |")
    parts = ["\n".join(lines)]
    for table in tables():
        script = table.path.with_suffix(".py").name
        made = f", made by `benchmarks/{script}`" if (HERE / script).exists() else ""
        source = f"From `benchmarks/{table.path.name}`{made}."
        parts.append(f'<a id="{table.name}"></a>\n\n## {table.title}\n\n{source}\n\n{table.body()}')
    return HEAD + "\n" + "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
