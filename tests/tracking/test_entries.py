"""A run under names and in sizes that MLflow takes."""

from __future__ import annotations

import json

from made_runs import made

from spoton.tracking import _entries as entries


def test_a_run_in_entries() -> None:
    run = made(0)
    asked = entries.params(run)
    assert (asked["task"], asked["learner"], asked["seed"]) == ("pnist/top", "linear@pts", "0")
    assert asked["settings.lr"] == "0.1"
    found = {(point.name, point.step): point.value for point in entries.points(run)}
    assert found["train_r2", 0] == 1.0
    assert ("valid_mae", 0) not in found  # not a number
    assert found["history/valid_mse", 0] == 3.0  # the mean predictor's
    assert found["history/valid_mse", 2] == 2.5
    assert found["history/train_loss", 1] == 0.123456789
    assert found["parameters", 0] == 5e9
    origin = entries.tags(run)
    assert origin["spoton.status"] == "ok"
    assert "spoton.reason" not in origin
    assert json.loads(origin["spoton.packages"]) == {"numpy": "2"}
    assert entries.milliseconds(run.started) == 1767225600000
    assert entries.milliseconds("") is None


def test_names_that_mlflow_takes() -> None:
    names = ["a b", "a:b", "a?b", "mse (px²)", "a//b", "../up", "/root", ".", "", "ü" * 300, "ü" * 301]
    found = entries.allowed(dict.fromkeys(names, 1))
    assert len(found) == len(names)
    for name in found:
        assert 0 < len(name) <= 250
        assert not name.startswith("/")
        assert ".." not in name.split("/")
        assert "." not in name.split("/")
        assert not set(name) & set(":?(\"'")
    assert list(entries.allowed({"a:b": 1, "a_b": 2, "a?b": 3}).items()) == [("a_b", 1), ("a_b_2", 2), ("a_b_3", 3)]


def test_values_are_cut_and_passwords_hidden() -> None:
    run = made(0, settings={"long": "x" * 7000})
    run.provenance["command"] = "spoton bench --store mysql://u:secret@h/d"
    assert len(entries.params(run)["settings.long"]) == 6000
    assert entries.params(run)["settings.long"].endswith("cut")
    assert entries.tags(run)["spoton.command"] == "spoton bench --store mysql://u:***@h/d"


def test_lots_keep_number_and_size() -> None:
    assert [len(lot) for lot in entries.lots(range(2500), 1000)] == [1000, 1000, 500]
    heavy = [("k", "ü" * 6000)] * 100  # 36 kB each as JSON
    found = list(entries.lots(heavy, 100))
    assert sum(map(len, found)) == 100
    assert all(len(json.dumps(lot)) < 600_000 for lot in found)
    assert list(entries.lots([], 10)) == []
