"""Which database is meant; and passwords stay secret."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from spoton._provenance import command, hide_passwords
from spoton._run import Run
from spoton.errors import MissingExtra, SpotonError, StoreError, UsageError
from spoton.store import DEFAULT, VARIABLE, Store
from spoton.store._url import place, resolve, shown

SECRET = "pa%2Fss%40wo:rd"
PLAIN = "pa/ss@wo:rd"


def test_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert shown(resolve(None)) == DEFAULT
    monkeypatch.setenv(VARIABLE, "postgres://u:x@h/d")
    assert resolve(None).drivername == "postgresql+psycopg"
    assert shown(resolve(None)) == "postgresql://u:***@h/d"
    assert shown(resolve("here/a b.db")) == "here/a b.db"
    assert resolve("mariadb://h/d").drivername == "mariadb+pymysql"
    assert resolve("mysql+pymysql://h/d").drivername == "mysql+pymysql"


def test_all_addresses_of_a_database_have_one_place() -> None:
    for one, other in (
        ("mariadb://u:x@127.0.0.1/d", "mysql://v@localhost:3306/d"),
        ("postgres://u:x@H/d", "postgresql+psycopg://h:5432/d"),
        ("s.db", f"sqlite:///{Path('s.db').absolute()}"),
    ):
        assert place(resolve(one)) == place(resolve(other))
        assert "u:" not in place(resolve(one))
    assert place(resolve("mysql://h/d")) != place(resolve("mysql://h/e"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"oracle://u:{SECRET}@h/d", "'oracle' is none of them"),
        (f"mysql://u:{SECRET}@h:notaport/d", "is no address"),
        (f"mysql://u:{SECRET}@h", "names no database"),
        (f"mysql://u@h?password={SECRET}", "names no database"),
    ],
)
def test_a_wrong_address_is_said_without_its_password(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        Store.open(url)
    assert SECRET not in str(caught.value)
    assert PLAIN not in str(caught.value)


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "it is a folder"), (tmp_path / "none" / "s.db", "there is no such folder")):
        with pytest.raises(StoreError, match=words):
            Store.open(path)
    with pytest.raises(StoreError, match="there is no store"):
        Store.open(tmp_path / "s.db", create=False)
    assert not (tmp_path / "s.db").exists()
    (tmp_path / "notes.txt").write_text("no database " * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        Store.open(tmp_path / "notes.txt")


@pytest.mark.parametrize("url", [f"mysql://u:{SECRET}@127.0.0.1:1/d", f"postgresql://u:{SECRET}@127.0.0.1:1/d"])
def test_nobody_listens(url: str) -> None:
    package = "pymysql" if url.startswith("mysql") else "psycopg"
    pytest.importorskip(package, reason=f"{package} is not installed; pip install 'spoton[db]'")
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        Store.open(url)
    assert PLAIN not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        f"mysql://u:{SECRET}@h/d",
        f"--store=postgresql://u:{PLAIN}@host:5432/d",
        f"mysql+pymysql://:{SECRET}@h/d",
        f"a mysql://u:{SECRET}@h/d and postgres://v:{SECRET}@h/d",
        f"mysql://h/d?charset=utf8&password={SECRET}&x=1",
        f"https://h/table.csv?rows=5&token={SECRET}",
        f"https://h/table.csv?API_KEY={SECRET}&rows=5",
        f"mysql://h/d?PASSWD={SECRET}",
    ],
)
def test_passwords_are_hidden(given: str) -> None:
    hidden = hide_passwords(given)
    assert "***" in hidden
    for word in ("pa%2F", "pa/ss", "wo:rd", "40wo"):
        assert word not in hidden
    assert "h" in hidden


def test_what_has_no_password_stays() -> None:
    for given in ("postgresql://u@h/d", "/a/b@c:d", "linear@pts", "https://h:80/x?y=1", "a:b@c"):
        assert hide_passwords(given) == given


def test_no_file_and_no_word_has_the_password(
    running: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the database nor the spool nor the repr."""
    monkeypatch.setattr(sys, "argv", ["spoton", "bench", "--store", f"mysql://u:{SECRET}@h/d"])
    run = Run("t", "l", provenance={"command": f"spoton --store mysql://u:{SECRET}@h/d"})
    assert "***" in command()
    with Store.open(tmp_path / "s.db") as opened:
        opened.add(run)
        assert opened.runs()[0].provenance["command"] == "spoton --store mysql://u:***@h/d"
    url = running["postgresql"].url()  # type: ignore[attr-defined]
    word = url.split(":")[2].split("@")[0]
    with Store.open(url) as opened:
        assert word not in repr(opened) + opened.name + repr(opened.engine)
        assert "***" in opened.name
    wrong = url.replace(word, SECRET)
    code = f"from spoton.store import Store\ntry: Store.open({wrong!r})\nfinally: print('end')"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = out.stderr.replace(code, "")
    assert "StoreError" in said
    assert SECRET not in said.replace(repr(wrong), "")
    assert PLAIN not in said


def test_a_missing_driver_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SpotonError, match=r"spoton\[db\]"):
        Store.open("postgresql://h/d")


def test_an_account_that_needs_a_package_says_which(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyMySQL raises a RuntimeError then, which is no error of a database."""
    server = running["mariadb"]
    url = server.url()
    with server._engine().connect() as connection:
        connection.execute(text("INSTALL SONAME 'auth_ed25519'"))
        connection.execute(text("CREATE USER strong@'%' IDENTIFIED VIA ed25519 USING PASSWORD('x')"))
    monkeypatch.setitem(sys.modules, "nacl", None)
    monkeypatch.setattr("pymysql._auth._nacl_bindings", False)
    with pytest.raises(MissingExtra, match=r"'pynacl' package is required.*pip install 'pymysql\[rsa,ed25519\]'"):
        Store.open(f"mariadb://strong:x@{url.rpartition('@')[2]}")


def test_the_extra_has_what_accounts_of_mysql_need() -> None:
    """MySQL 8 asks for a password that PyMySQL encrypts by `cryptography`, unless the connection is encrypted."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert any(name.startswith("pymysql[rsa]") for name in project["optional-dependencies"]["db"])
