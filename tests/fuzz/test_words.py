"""Names of tasks and learners, nets in files, addresses of stores, what a sweep may choose from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile import inputs, numbers, survives, texts
from hypothesis import given
from hypothesis import strategies as st

from spoton.learners import FEATURE_NAMES, MODIFIERS, check_learner, learner_names
from spoton.store import Store
from spoton.store._url import connect, reason, resolve, shown
from spoton.sweeps._space import parse as parse_space
from spoton.tasks import families, get_task, task_names
from spoton.why._subject import module_subject

OPTIONS = sorted({key for family in families() for key in family.options})
VALUES = ("all", "37", "mnist", "true", "none", "auto", "0,1", "fashion", "0..1", "1e400", "1", "56", "0.02", "３")
PARTS = ("?", "&", "=", "@", "+", "/", ",", ":", "..", " ", "%", "#")


@st.composite
def queries(draw: st.DrawFn, keys: list[str]) -> str:
    if draw(st.booleans()):
        return ""
    odd = texts if draw(st.booleans()) else st.nothing()
    pairs = draw(st.lists(st.tuples(st.sampled_from(keys) | odd, st.sampled_from(VALUES) | numbers | odd), max_size=3))
    return ("?" if pairs or draw(st.integers(0, 9)) == 0 else "") + "&".join(f"{key}={value}" for key, value in pairs)


loose = st.lists(st.sampled_from(PARTS) | texts, max_size=5).map("".join)


@inputs(80)
@given(stem=st.sampled_from(sorted(task_names())) | loose, query=queries(OPTIONS) | queries(["train", "noise"]) | loose)
def test_names_of_tasks(stem: str, query: str) -> None:
    task = survives("names of tasks", lambda: get_task(stem + query))
    if task is not None:
        assert get_task(task.name).name == task.name


KEYS = ["epochs", "lr", "alpha", "n_estimators", "max_depth", "width", "batch_size", "degree", "sizes", "y_range"]


@st.composite
def learners(draw: st.DrawFn) -> str:
    odd = texts if draw(st.booleans()) else st.nothing()
    words = [draw(st.sampled_from(sorted(learner_names())) | odd)]
    if draw(st.booleans()):
        words.append("@" + draw(st.sampled_from(FEATURE_NAMES) | odd))
    for _ in range(draw(st.integers(0, 2))):
        word = draw(st.sampled_from([*MODIFIERS, *FEATURE_NAMES]) | odd)
        value = draw(numbers | st.sampled_from(["robust", "samples:0.1", "extremes"]) | odd)
        words.append(f"+{word}{value if word.endswith('=') else ''}")
    return "".join(words) + draw(queries(KEYS) | loose)


@inputs(80)
@given(name=learners())
def test_names_of_learners(name: str) -> None:
    survives("names of learners", lambda: check_learner(name))


steps = st.sampled_from(["", ":log", ":step=2", ":step=0", ":x"])
ranges = st.builds("{}..{}{}".format, numbers, numbers, steps)
names = st.sampled_from([*KEYS, "+ynorm", "@", "+yrange"]) | texts


@inputs(60)
@given(text=st.builds("{}={}".format, names, ranges | loose | numbers))
def test_spaces_of_sweeps(text: str) -> None:
    survives("sweep parameters", lambda: parse_space([text]))


NET = """
import torch
class Net(torch.nn.Module):
    def __init__(self, in_shape, n_out, width=4):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(n_out))
    def forward(self, x):
        return self.net(x)
number = 3
def make(in_shape, n_out): return Net(in_shape, n_out)
def wrong(a, b, c): return None
def dies(in_shape, n_out): raise KeyError("x\\ny")
def exits(in_shape, n_out): raise SystemExit(3)
class Shy(torch.nn.Module): pass
"""
FILES = {
    "net.py": NET,
    "broken.py": "def (:",
    "raises.py": "raise RuntimeError('a\\nb')",
    "exits.py": "import sys; sys.exit(0)",
    "deep.py": "(" * 3000,
    "nul.py": "a = 1\0",
    "latin.py": b"a = '\xe9'",
    "none.py": "",
    "net.txt": NET,
    "recursive.py": "def f(): f()\nf()",
}


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    for name, text in FILES.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


NAMES = ("number", "wrong", "dies", "exits", "Shy", "torch", "__name__")
SETTINGS = ["epochs", "lr", "batch_size", "width", "y_range", "device", "schedule"]


@st.composite
def modules(draw: st.DrawFn) -> tuple[str, str]:
    if draw(st.booleans()):
        return "net.py", draw(st.sampled_from(["Net", "make"]))
    return draw(st.sampled_from(sorted(FILES)) | texts), draw(st.sampled_from(["Net", *NAMES]) | texts)


@inputs(40)
@given(module=modules(), query=queries(SETTINGS))
def test_nets_in_files(nets: Path, module: tuple[str, str], query: str) -> None:
    file, name = module
    survives("--module words", lambda: module_subject(f"{nets}/{file}:{name}{query}", get_task("diabetes")))


HOSTS = ("h", "u:p@h", "u:p@ss@h:1", "u:p%ZZ@h", "[::1]", "[::1", "h:99999999", "h:x", "", "@", ":@:", "u:\x1b[2J@h")
KINDS = ("sqlite", "mysql", "mariadb", "postgresql", "postgres", "mysql+pymysql", "mssql", "http", "sqlite+x", "SQLITE")
PATHS = ("/db", "", "/", "/db?x=1&y", "/db?password=geheim")
DATABASES = ("s.db", "", ".", "a/b.db", "net.py", "s.db/x", "s.db?mode=ro", "file:s.db?mode=memory&uri=true")
quiet = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::sqlalchemy.exc.SADeprecationWarning")


@quiet
@inputs(80)
@given(kind=st.sampled_from(KINDS) | texts, host=st.sampled_from(HOSTS) | texts, rest=st.sampled_from(PATHS) | loose)
def test_addresses_of_stores(kind: str, host: str, rest: str) -> None:
    url = survives("store addresses", lambda: resolve(f"{kind}://{host}{rest}"))
    if url is not None:
        assert "geheim" not in shown(url)
        if host == "u:p@ss@h:1":
            assert "p@ss" not in reason(url, ValueError(f"{url.render_as_string(False)} does not take p@ss"))
        survives("store engines", lambda: connect(url).dispose())


@quiet
@inputs(60)
@given(name=st.sampled_from(DATABASES) | texts, three=st.booleans())
def test_files_of_stores(nets: Path, name: str, three: bool) -> None:
    path = f"{nets}/{name}"

    def look() -> None:
        Store.open(f"sqlite:///{path}" if three else path).close()

    survives("store paths", look)
    assert (nets / "net.py").read_text() == NET
