"""spoton where things are missing: room, rights, a home, a language; it works, or says why in one sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
Said = tuple[int, str, str]

LISTS = [["tasks"], ["learners"]]
SHOW = ["show", "pnist/topleft", "--n", "2"]
BENCH = ["bench", "diabetes", "--learners", "mean,ridge", "--seeds", "1", "--jobs", "1"]
REPORT = ["report"]
SQL = [["sql", "load", "pnist/top", "digits.db"], ["sql", "points", "digits.db"]]
SWEEP = ["sweep", "diabetes", "ridge", "--param", "alpha=0.1,1", "--trials", "2", "--jobs", "1", "--seeds", "1"]
WHY = ["why", "diabetes", "ridge", "--minutes", "0.01", "--jobs", "1", "--seeds", "3"]
ALL = [*LISTS, SHOW, BENCH, REPORT, *SQL, SWEEP, WHY]


def run(
    commands: list[list[str]],
    folder: Path | bytes,
    tmp_path: Path,
    *,
    wrap: tuple[str, ...] = (),
    **changes: str | None,
) -> list[Said]:
    """What became of each command, in `folder`, with other variables of the environment (None: without)."""
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    out.chmod(0o777)
    (out / "found.json").unlink(missing_ok=True)  # another user may come
    (out / "words.json").write_text(json.dumps(commands))
    env = {key: value for key, value in (os.environ | changes).items() if value is not None}
    env.setdefault("PYTHONPATH", str(HERE.parents[1] / "src"))
    words = [*wrap, sys.executable, str(HERE / "commands.py"), str(out / "words.json"), str(out / "found.json")]
    ended = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, errors="replace", timeout=300)
    assert ended.returncode == 0, ended.stderr
    found = [tuple(part) for part in json.loads((out / "found.json").read_text())]
    assert len(found) == len(commands)
    for words, (code, said, err) in zip(commands, found, strict=True):
        assert "Traceback" not in err, (words, err)
        if code == 2:  # one sentence
            assert err.startswith("spoton: "), (words, err)
            assert len(err.strip().splitlines()) == 1, (words, err)
        else:
            assert code == 0, (words, code, said, err)
    return found


def codes(found: list[Said]) -> list[int]:
    return [code for code, _, _ in found]


def _without_rights() -> tuple[str, ...]:
    """Words before a command that make it obey the rights of files, though it is root's."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to give that up")
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def test_a_folder_that_may_not_be_written(folder: Path, tmp_path: Path) -> None:
    assert codes(run([BENCH, SQL[0]], folder, tmp_path)) == [0, 0]
    folder.chmod(0o555)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    away = ["--store", str(elsewhere / "s.db"), "--journal", str(elsewhere / "s.jsonl")]
    reads = [["store", "info"], ["leaderboard"], ["report", "-o", str(elsewhere / "r.html")], SQL[1]]
    writes = [
        SHOW,
        ["bench", "friedman1", "--learners", "mean"],
        REPORT,
        ["sql", "load", "pnist/top", "new.db"],
        SWEEP,
        WHY,
    ]
    works = [[*SHOW, "-o", str(elsewhere / "p.png")], [*BENCH, *away], *LISTS]
    found = run([*reads, *writes, *works], folder, tmp_path, wrap=_without_rights())
    assert codes(found) == [0] * len(reads) + [2] * len(writes) + [0] * len(works)
    assert sorted(path.name for path in folder.iterdir()) == ["digits.db", "spoton.db"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 700 KB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    if not mounted or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(place)]).returncode:
        pytest.skip("a small disk cannot be mounted here: that takes root, and a system that lets it")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_loses_no_run(small_disk: Path, tmp_path: Path) -> None:
    assert codes(run([BENCH], small_disk, tmp_path)) == [0]
    free = shutil.disk_usage(small_disk).free
    (small_disk / "filler").write_bytes(b"\0" * max(0, free - 8192))
    more = [["bench", "friedman1", "--learners", "mean", "--jobs", "1"], REPORT, SQL[0], SWEEP, WHY, ["store", "info"]]
    found = run([*more, *LISTS], small_disk, tmp_path)
    assert codes(found[1:5]) == [2] * 4
    assert codes(found[6:]) == [0] * 2
    (small_disk / "filler").unlink()
    told = run([["store", "sync"], ["export-runs", str(tmp_path / "all.json")]], small_disk, tmp_path)
    assert codes(told) == [0, 0]
    kept = json.loads((tmp_path / "all.json").read_text())
    there = {(one["task"], one["learner"]) for one in kept}
    assert {("diabetes", "mean"), ("diabetes", "ridge"), ("diabetes", "oracle")} <= there
    if found[0][0] == 0:  # what was said to be done is kept
        assert ("friedman1", "mean") in there


@pytest.mark.parametrize("home", ["none", "not writable", "a number without a name"])
def test_no_home(folder: Path, tmp_path: Path, home: str) -> None:
    folder.chmod(0o777)
    nobody: dict[str, str | None] = {"HOME": None, "USER": None, "LOGNAME": None}
    if home == "none":
        wrap, changes = (), nobody
    elif home == "not writable":
        (tmp_path / "home").mkdir(mode=0o555)
        wrap, changes = _without_rights(), {"HOME": str(tmp_path / "home")}
    else:
        wrap, changes = _as_user(12345), nobody
    fastai = ["bench", "pnist/topleft", "--learners", "fastai-vision?epochs=1", "--seeds", "1", "--train-size", "20"]
    commands = [*ALL, [*fastai, "--jobs", "1"]] if home != "none" else [SHOW, BENCH, [*fastai, "--jobs", "1"]]
    assert set(codes(run(commands, folder, tmp_path, wrap=wrap, **changes))) == {0}
    assert not (folder / "~").exists()
    if home == "not writable":
        assert not list((tmp_path / "home").iterdir())


def _as_user(number: int) -> tuple[str, ...]:
    """Another user; he may read what root may, as Python itself may lie where others do not see."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("to become another user takes root and setpriv")
    rights = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search")
    return ("setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", *rights)


def test_a_store_of_somebody_else(folder: Path, tmp_path: Path) -> None:
    """Who may read a store and not write it sees what is in it."""
    assert codes(run([BENCH], folder, tmp_path)) == [0]
    reads = [["leaderboard"], ["store", "info"], ["export-runs", str(tmp_path / "out" / "r.json")]]
    found = run([*reads, BENCH], folder, tmp_path, wrap=_as_user(65534))
    assert codes(found) == [0, 0, 0, 2]
    assert len(json.loads((tmp_path / "out" / "r.json").read_text())) == 3


ASCII: dict[str, str | None] = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_no_utf8(tmp_path: Path) -> None:
    """ASCII as the coding of all that is printed, and a folder and files whose names are Latin-1."""
    folder = os.fsencode(tmp_path) + b"/h\xf6he"
    images = folder + b"/bilder"
    os.makedirs(images)
    for name in (b"a.png", "b\u00e9.png".encode()):
        Image.new("L", (8, 6)).save(os.fsdecode(images + b"/" + name))
    for file, text in {
        b"p.csv": "file,x,y\na.png,1,2\nb\u00e9.png,3,4\n".encode(),
        b"q.csv": "file,x,y\na.png,1,2\nb\u00e9.png,3,4\n".encode("latin-1"),
        b"t\xe9.csv": b"a,y\n1,2\n2,3\n4,9\n5,6\n8,7\n",
    }.items():
        with open(folder + b"/" + file, "wb") as stream:
            stream.write(text)
    own = ["bench", "--images", "bilder", "--learners", "mean", "--seeds", "1", "--points"]
    table = ["--table", os.fsdecode(b"t\xe9.csv"), "--target", "y"]
    named = [["show", "pnist/top", "-o", os.fsdecode(b"s\xe9.png")], ["report", "-o", os.fsdecode(b"r\xe9.html")]]
    named += [[*BENCH, "--json", os.fsdecode(b"o\xe9.json"), "--store", os.fsdecode(b"s\xe9.db")]]
    good = [
        *LISTS,
        [*own, "p.csv"],
        [*BENCH[:1], *table, *BENCH[2:]],
        ["show", *table],
        REPORT,
        ["leaderboard"],
        *named,
    ]
    found = run([*good, [*own, "q.csv"]], folder, tmp_path, **ASCII)
    assert codes(found) == [0] * len(good) + [2]
    assert "UTF-8" in found[-1][2]
    for file in (b"s\xe9.png", b"r\xe9.html", b"o\xe9.json", b"s\xe9.db"):
        assert os.path.getsize(folder + b"/" + file)


def test_no_temporary_folder(folder: Path, tmp_path: Path) -> None:
    assert set(codes(run([SHOW, BENCH, REPORT], folder, tmp_path, TMPDIR="/nonexistent/folder"))) == {0}


def test_no_shared_memory(folder: Path, tmp_path: Path) -> None:
    """Processes need locks in /dev/shm: that there is no room for them is said, and one at a time does without."""
    inner = "mount -t tmpfs -o size=16k tmpfs /dev/shm"
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "sh", "-c", inner], capture_output=True).returncode:
        pytest.skip("/dev/shm cannot be made small here: that takes root, and a system that lets it")
    wrap = ("unshare", "-m", "sh", "-c", f'{inner} && exec "$@"', "sh")
    two = [*BENCH[:-1], "2"]
    found = run([two, BENCH], folder, tmp_path, wrap=wrap)
    assert codes(found) == [2, 0]
    assert "/dev/shm" in found[0][2]


@pytest.mark.parametrize(("words", "code"), [(["tasks"], 0), (BENCH, 0), (["nonsense"], 2)])
def test_closed_streams(folder: Path, words: list[str], code: int) -> None:
    """As a daemon that was started without any: nothing is printed into files that were opened since."""
    command = 'exec "$@" <&- >&- 2>&-'
    ended = subprocess.run(["sh", "-c", command, "sh", sys.executable, "-m", "spoton", *words], cwd=folder, timeout=120)
    assert ended.returncode == code
    if words is BENCH:
        assert (folder / "spoton.db").read_bytes().startswith(b"SQLite format 3\0")


def test_output_that_takes_nothing(folder: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-m", "spoton", "tasks"]
        ended = subprocess.run(words, cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (2, "spoton: the system says: No space left on device\n")
