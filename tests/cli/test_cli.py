"""The command line as a user meets it: a process, its two outputs, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from spoton import store
from spoton.cli import app
from spoton.errors import SpotonError


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    """In this process: starting one costs seconds."""
    return CliRunner().invoke(app, [str(word) for word in words])


def process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spoton", *words], capture_output=True, text=True, timeout=120, check=False
    )


def stored() -> int:
    """Runs in the store of the working folder; no spool is left beside it."""
    assert not Path(store.JOURNAL).exists()
    with store.Store.open(create=False) as opened:
        return opened.counts()["runs"]


QUICK = ("--jobs", "1", "--seeds", "1")


def test_a_bench_prints_a_leaderboard_between_two_ends() -> None:
    result = run("bench", "pnist/topleft", "--learners", "linear@pts,net3", "--epochs", "1", *QUICK)
    assert result.exit_code == 0, result.output
    lines = [line.split()[0] for line in result.stdout.splitlines() if line.strip()]
    assert lines[:2] == ["pnist/topleft", "learner"]
    assert lines[2:6] == ["oracle", "linear@pts", "mean", "net3"]  # one epoch is less than nothing
    assert "Next:" in result.stdout
    assert stored() == 4


def test_json_on_standard_output_and_nothing_else() -> None:
    result = process(
        "bench",
        "pnist/top",
        "friedman1",
        "--learners",
        "linear,resnet18",
        "--train-size",
        "20,40",
        "--json",
        "-",
        *QUICK,
        "--epochs",
        "1",
    )
    assert result.returncode == 0, result.stderr
    rows = json.loads(result.stdout)
    assert len(rows) == 2 * 2 * 2 * 2  # tasks, learners, sizes, splits
    assert {(r["task"], r["learner"], r["train_size"], r["split"]) for r in rows if r["status"] == "skipped"} == {
        ("friedman1", "resnet18", size, split) for size in (20, 40) for split in ("train", "valid")
    }
    good = [row for row in rows if row["status"] == "ok"]
    assert all(isinstance(row["r2"], float) for row in good)
    assert all("reason" in row and row["reason"] == "" for row in good)


def test_json_to_a_file_holds_what_was_asked_for() -> None:
    result = run("bench", "pnist/top", "--learners", "linear", "--json", "rows.json", *QUICK)
    assert result.exit_code == 0
    assert {row["learner"] for row in json.loads(Path("rows.json").read_text())} == {"linear"}
    assert "oracle" in result.stdout
    assert sorted(p.name for p in Path().iterdir()) == ["rows.json", store.DEFAULT]


def test_one_failed_run_makes_exit_code_1_and_says_why() -> None:
    result = run("bench", "pnist/top", "--learners", "linear,basenet+yrange=none?lr=1e30&relu=true&epochs=20", *QUICK)
    assert result.exit_code == 1
    assert "Diverged" in result.output
    assert "linear" in result.stdout


def test_resume_makes_only_what_is_missing() -> None:
    run("bench", "pnist/top", "--learners", "mean", "--jobs", "1", "--seeds", "2")
    before = stored()
    result = run("bench", "pnist/top", "--learners", "mean,linear", "--jobs", "1", "--seeds", "2", "--resume")
    assert result.exit_code == 0
    assert stored() == before + 2


def test_own_images_tables_and_arrays() -> None:
    rng = np.random.RandomState(0)
    Path("pics").mkdir()
    lines = ["file,tip_x,tip_y"]
    images, points = [], []
    for i in range(20):
        image = np.zeros((20, 30), np.uint8)
        x, y = rng.randint(0, 26), rng.randint(0, 16)
        image[y : y + 4, x : x + 4] = 200
        Image.fromarray(image).save(f"pics/{i}.png")
        lines.append(f"{i}.png,{x},{y}")
        images.append(image)
        points.append((x, y))
    Path("points.csv").write_text("\n".join(lines) + "\n")
    pd.DataFrame({"a": rng.rand(30), "b": rng.rand(30)}).assign(t=lambda d: 2 * d.a - d.b).to_csv("t.csv", index=False)
    np.savez("data.npz", X=np.array(images), y=np.array(points))
    cases = {
        "images": ("--images", "pics", "--points", "points.csv", "--learners", "linear@pts"),
        "table": ("--table", "t.csv", "--target", "t", "--learners", "linear"),
        "npz": ("--npz", "data.npz", "--learners", "linear@pts"),
    }
    for name, words in cases.items():
        result = run("bench", *words, "--json", f"{name}.json", *QUICK)
        assert result.exit_code == 0, result.output
        valid = [row for row in json.loads(Path(f"{name}.json").read_text()) if row["split"] == "valid"]
        assert valid[0]["r2"] > 1 - 1e-9, name
        assert "oracle" not in result.stdout
        assert "as good as can be" in result.stdout
    assert [row["hit"] for row in json.loads(Path("images.json").read_text())] == [1, 1]
    for words in (cases["images"][:4], cases["table"][:4], cases["npz"][:2]):
        shown = run("show", *words, "-o", "picture.png")
        assert shown.exit_code == 0, shown.output
        assert Path("picture.png").stat().st_size > 5000


@pytest.mark.parametrize(
    "task", ["pnist/both", "qnist/all?size=40&specks=0.05", "columns/perfect", "pnist/digit", "diabetes"]
)
def test_show_writes_and_names_a_picture(task: str) -> None:
    result = run("show", task, "--n", "7")
    assert result.exit_code == 0, result.output
    path = Path(result.stdout.splitlines()[-1].removeprefix("picture: "))
    with Image.open(path) as picture:
        assert picture.size[0] > 300
    assert task.split("?")[0] in result.stdout


def test_lists_have_one_line_each() -> None:
    from spoton import learner_names, task_names
    from spoton.metrics import all_metrics

    for command, names in (
        ("tasks", task_names()),
        ("learners", learner_names()),
        ("metrics", all_metrics()),
    ):
        lines = run(command).stdout.splitlines()
        for name in names:
            found = [line for line in lines if line.split()[:1] == [name]]
            assert len(found) == 1, name
            assert len(found[0].split()) > 3, name


def test_recorded_prints_and_writes_all_rows() -> None:
    result = run("recorded")
    assert result.stdout.count("FeatsNet1.1") >= 2
    run("recorded", "--csv", "all.csv")
    assert len(pd.read_csv("all.csv")) == 166


WRONG = [
    (("bench", "pnist/tip"), "no task is called 'pnist/tip'"),
    (("bench", "pnist/top", "--learners", "liner"), "did you mean linear"),
    (("bench", "pnist/top", "--learners", "linear,linear"), "named twice"),
    (("bench", "pnist/top", "--learners", ","), "names no learner"),
    (("bench", "pnist/top", "pnist/top?size=28", "--learners", "mean"), "two tasks are called"),
    (("bench", "pnist/top", "--picture", "none/x.svg"), "there is no such folder"),
    (("recorded", "--csv", "none/x.csv"), "cannot be written"),
    (("bench", "pnist/top", "--train-size", "ten"), "--train-size takes whole numbers"),
    (("bench", "pnist/top", "--train-size", "600"), "a train size of 600 is not possible"),
    (("bench", "pnist/top", "--json", "none/rows.json"), "there is no such folder"),
    (("bench", "--images", "pics"), "--images needs --points beside it"),
    (("bench", "--points", "p.csv"), "--points needs --images beside it"),
    (("bench", "--table", "t.csv"), "--table needs --target beside it"),
    (("bench", "--images", "pics", "--points", "p.csv"), "pics"),
    (("bench", "--npz", "none.npz"), "none.npz"),
    (("bench", "--table", "none.csv", "--target", "y"), "none.csv"),
    (("show",), "show needs one task"),
    (("show", "pnist/top", "-o", "none/x.png"), "cannot be written"),
    (("show", "pnist/top", "-o", "x.doc"), "cannot be written"),
    (("bench", "pnist/top", "--learners", "mean", "--journal", "none/j", *QUICK), "cannot be written"),
]


@pytest.mark.parametrize(("words", "message"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_usage_is_one_sentence(words: tuple[str, ...], message: str) -> None:
    result = run(*words)
    # `main` turns these into a sentence and exit code 2; see the test below
    assert isinstance(result.exception, SpotonError), result.output
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize(
    "words", [("bench", "pnist/tip"), ("bench", "--seeds", "0"), ("bench", "--nonsense"), ("nonsense",)]
)
def test_wrong_usage_has_exit_code_2_and_no_traceback(words: tuple[str, ...]) -> None:
    result = process(*words)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.strip()


def test_a_picture_of_the_leaderboard() -> None:
    result = run("bench", "pnist/top", "--learners", "linear", "--picture", "board.svg", *QUICK)
    assert result.exit_code == 0, result.output
    text = Path("board.svg").read_text()
    assert "linear" in text
    assert 'url("' not in text  # nothing from outside


def test_a_terminal_without_unicode_loses_nothing() -> None:
    command = [sys.executable, "-m", "spoton", "bench", "pnist/top", "--learners", "linear,ridge", "--jobs", "1", "-q"]
    env = os.environ | {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    out = subprocess.run(command, capture_output=True, env=env, check=False)
    assert out.returncode == 0, out.stderr
    assert b"linear" in out.stdout
    assert b"?" in out.stdout


def test_quick_runs_load_no_torch() -> None:
    code = "import sys; from spoton import evaluate; evaluate('linear@pts', 'pnist/top'); print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"


def test_the_number_of_runs_is_that_of_the_rows() -> None:
    np.savez("data.npz", X=np.random.RandomState(0).rand(40, 5), y=np.arange(40.0))
    result = run("bench", "--npz", "data.npz", "--learners", "linear", "--seeds", "1")
    assert "2 runs in" in result.stdout
