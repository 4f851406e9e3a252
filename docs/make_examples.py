"""Make a notebook and a page of each example: examples/NN_name.py -> .ipynb beside it, docs/examples/NN_name.md.

    python docs/make_examples.py          # notebooks, and pages: an example is run where its code has changed since
    python docs/make_examples.py 40 41    # these pages anew

The address of the repository stands in mkdocs.yml (`extra: repository:`) and nowhere else: Colab reads the notebooks
from there, and their install cell installs from there. After a change of it, run this without arguments.
"""

from __future__ import annotations

import base64
import io
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml

ROOT = Path(__file__).parents[1]
EXAMPLES, PAGES = ROOT / "examples", ROOT / "docs" / "examples"
BEGIN, END = "<!-- outputs -->", "<!-- end -->"
OUTPUTS = re.compile(rf"{BEGIN}\n.*?{END}\n\n", flags=re.DOTALL)
LONG = 60  # lines of one output on a page


def sources() -> list[Path]:
    """The examples, in order."""
    return sorted(EXAMPLES.glob("[0-9][0-9]_*.py"))


def repository() -> str:
    """The address of the repository, from mkdocs.yml."""
    return str(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["extra"]["repository"])


def addressed(text: str, address: str) -> str:
    """A source whose install cell installs from that address."""
    return re.sub(r"git\+https?://[^\s\"']+", f"git+{address}", text)


def notebook(source: Path) -> Any:
    """The notebook of an example, without outputs; the same source gives the same notebook."""
    held = jupytext.read(source)
    held.metadata = {"kernelspec": held.metadata["kernelspec"], "language_info": {"name": "python"}}
    for i, cell in enumerate(held.cells):
        cell["id"] = f"cell-{i:02}"
    return held


def published(source: Path, address: str) -> str:
    """The text of the .ipynb. Its links are whole addresses, since Colab knows no files beside a notebook."""
    held = notebook(source)
    for cell in held.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(\.\./", f"]({address}/blob/main/", cell.source)
            cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb", rf"]({address}/blob/main/examples/\1.ipynb", cell.source)
    return str(nbformat.writes(held, version=4)) + "\n"


def execute(held: Any, folder: Path, seconds: int = 600) -> Any:
    """Run a notebook in a kernel, in that folder; its cells have outputs then."""
    from nbclient import NotebookClient

    NotebookClient(
        held,
        timeout=seconds,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return held


def said(held: Any) -> str:
    """What the cells of a notebook that was run have printed, and what their last lines came to."""
    parts = [part for cell in held.cells for part in cell.get("outputs", ())]
    return "".join(f"{text}\n" for part in parts if (text := _text(part)))


def colab(stem: str, address: str) -> str:
    """Where Colab opens a notebook of the repository."""
    return f"{address.replace('github.com', 'colab.research.google.com/github')}/blob/main/examples/{stem}.ipynb"


def page(held: Any, stem: str, address: str, blocks: list[str] | None = None) -> str:
    """The page of a notebook; behind each code cell the block that shows its outputs, where there is one."""
    here = f"../../examples/{stem}"
    links = f"[Open in Colab]({colab(stem, address)}) · [notebook]({here}.ipynb) · [Python]({here}.py)"
    left = iter(blocks or [])
    parts = []
    for i, cell in enumerate(held.cells):
        if cell.cell_type == "markdown":
            text = re.sub(r"\]\(\.\./docs/", "](../", cell.source)
            text = re.sub(r"\]\(\.\./(?!\.\./)(examples|benchmarks|src|tests)/", r"](../../\1/", text)
            parts.append(re.sub(r"\]\((\d\d_\w+)\.ipynb", r"](\1.md", text))
            if not i:
                parts.append(links)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        if block := next(left, ""):
            parts.append(block)
    return "\n\n".join(parts) + "\n"


def blocks_of(held: Any, stem: str) -> tuple[list[str], dict[str, bytes]]:
    """What the code cells of a notebook that was run show, one block each, and the pictures in them."""
    pictures: dict[str, bytes] = {}
    blocks = []
    for i, cell in enumerate(held.cells):
        if cell.cell_type == "code":
            shown = list(_shown(cell, f"{stem}-{i:02}", pictures))
            blocks.append("\n".join([BEGIN, "", "\n\n".join(shown), "", END]) if shown else "")
    return blocks, pictures


def reworded(kept: str, held: Any, stem: str, address: str) -> str | None:
    """A page with new words around the same code, and the outputs that it had; None where code has changed."""
    cells = [cell for cell in held.cells if cell.cell_type == "code"]
    found = re.findall(rf"```python\n(.*?)\n```\n\n({BEGIN}\n.*?{END}\n)?", f"{kept}\n", flags=re.DOTALL)
    if [addressed(code, address) for code, _ in found] != [cell.source for cell in cells]:
        return None
    blocks = []
    for cell, (_, block) in zip(cells, found, strict=True):
        alts = iter(_alts(cell))
        blocks.append(re.sub(r"!\[.*?\]", lambda _, alts=alts: f"![{next(alts)}]", block).rstrip())
    return page(held, stem, address, blocks)


def plain(text: str) -> str:
    """A page without its outputs."""
    return OUTPUTS.sub("", f"{text.rstrip()}\n\n").rstrip() + "\n"


def outputs(text: str) -> str:
    """What a page says that its cells have printed."""
    return "\n".join(
        found for block in OUTPUTS.findall(f"{text}\n") for found in re.findall(r"```text\n(.*?)```", block, re.DOTALL)
    )


def _shown(cell: Any, name: str, pictures: dict[str, bytes]) -> Any:
    alts = _alts(cell)
    count = 0
    for part in cell.get("outputs", ()):
        data = part.get("data", {})
        if "image/png" in data:
            file = f"{name}{'abc'[count]}.png"
            pictures[file] = small(base64.b64decode(data["image/png"]))
            yield f"![{alts[count]}]({file})"
            count += 1
        elif text := _text(part):
            lines = text.splitlines()
            yield "\n".join(["```text", *lines[:LONG], *(["..."] if len(lines) > LONG else []), "```"])


def _alts(cell: Any) -> list[str]:
    """The pictures of a cell in words, from its line: `# %% alt="..."`, several with | between them."""
    return [alt.strip() for alt in cell.metadata.get("alt", "").split("|")]


def _text(part: Any) -> str:
    """What is to be read of an output: no warnings, no progress bars, and of what is drawn not its type."""
    if part.output_type == "stream":
        return part.text.rstrip() if part.name == "stdout" else ""
    data = part.get("data", {})
    if part.output_type == "error" or "image/png" in data or "text/plain" not in data:
        return ""
    return "" if part.output_type == "display_data" else str(data["text/plain"]).rstrip()


def small(png: bytes) -> bytes:
    """The same picture with 255 colours, half of the size."""
    from PIL import Image

    held = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(255, dither=Image.Dither.NONE).save(held, "png", optimize=True)
    return held.getvalue()


def write_page(source: Path, address: str) -> None:
    """Run an example in an empty folder, and write its page and its pictures."""
    with tempfile.TemporaryDirectory() as folder:
        held = execute(notebook(source), Path(folder))
    blocks, pictures = blocks_of(held, source.stem)
    PAGES.mkdir(exist_ok=True)
    for old in PAGES.glob(f"{source.stem}-*.png"):
        old.unlink()
    for name, png in pictures.items():
        (PAGES / name).write_bytes(png)
    (PAGES / f"{source.stem}.md").write_text(page(held, source.stem, address, blocks), encoding="utf-8")


def main(chosen: list[str]) -> None:
    """See above."""
    address = repository()
    for source in sources():
        text = source.read_text(encoding="utf-8")
        if text != addressed(text, address):
            source.write_text(addressed(text, address), encoding="utf-8")
        source.with_suffix(".ipynb").write_text(published(source, address), encoding="utf-8")
        kept = PAGES / f"{source.stem}.md"
        new = None
        if kept.exists() and source.stem[:2] not in chosen:
            new = reworded(kept.read_text(encoding="utf-8"), notebook(source), source.stem, address)
        if new is not None:
            kept.write_text(new, encoding="utf-8")
        elif source.stem[:2] in chosen or not chosen:
            print(source.stem, flush=True)
            write_page(source, address)


if __name__ == "__main__":
    main(sys.argv[1:])
