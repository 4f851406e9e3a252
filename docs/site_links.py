"""A hook of MkDocs: links out of docs/, which are right in the repository, are right on the site too.

A page of benchmarks/ leads to its section of benchmarks.md, which gathers them all. Any other file is taken along.

Zensical reads the same mkdocs.yml and knows no hooks: `zensical build && python docs/site_links.py site` does it there.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<=\]\()(?:\.\./)+[^)\s#]+")
HREF = re.compile(r'(?<=href=")(?:\.\./)+[^"#?]+')
TAKEN = "files"  # the folder of the site that other files go to


def outside(page: str, target: str) -> str | None:
    """The path from the repository's root of what a page of docs/ links to, or None where it lies within docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
    return None if path.startswith("docs/") else path


def rewritten(page: str, target: str) -> str:
    """The link that says the same on the site."""
    path = outside(page, target)
    if path is None or not (ROOT / path).is_file():
        return target  # a wrong link stays as it is, and the strict build names it
    up = "../" * page.count("/")
    if posixpath.dirname(path) == "benchmarks" and path.endswith(".md"):
        return f"{up}benchmarks.md#{posixpath.basename(path)[:-3].replace('_', '-')}"
    return f"{up}{TAKEN}/{path}"


def on_files(files: Files, config: Any) -> Files:
    """Take the files along that pages link to."""
    for page in files.documentation_pages():
        for target in LINK.findall(page.content_string):
            new = rewritten(page.src_uri, target)
            path = outside(page.src_uri, target)
            if (
                path is not None
                and new.startswith(("../" * page.src_uri.count("/")) + TAKEN)
                and f"{TAKEN}/{path}" not in files.src_uris
            ):
                files.append(File.generated(config, f"{TAKEN}/{path}", abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite the links of a page."""
    return LINK.sub(lambda found: rewritten(page.file.src_uri, found.group()), markdown)


def mend(site: Path) -> list[str]:
    """Make the links of a built site right that lead out of it, take their files along, and tell which."""
    taken: list[str] = []
    for page in sorted(site.rglob("*.html")):
        source = page.relative_to(site).with_suffix(".md").as_posix()

        def right(found: re.Match[str], page: Path = page, source: str = source) -> str:
            path, new = outside(source, found.group()), rewritten(source, found.group())
            if path is None or new == found.group() or (page.parent / found.group()).exists():
                return found.group()
            if f"{TAKEN}/{path}" in new and path not in taken:
                place = site / TAKEN / path
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, place)
                taken.append(path)
            return new.replace(".md#", ".html#")

        text = page.read_text(encoding="utf-8")
        if (mended := HREF.sub(right, text)) != text:
            page.write_text(mended, encoding="utf-8")
    return taken


if __name__ == "__main__":
    print(*mend(Path(sys.argv[1])), sep="\n")
