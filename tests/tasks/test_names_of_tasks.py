from __future__ import annotations

import subprocess
import sys

import pytest

from spoton.errors import UnknownName, UsageError
from spoton.tasks import get_task

NAME = "pnist/topleft?digits=all&size=56&shift=12&specks=0.02&haze=40&blur=1&ynoise=0.5&train=5000"


def test_one_thing_has_one_name() -> None:
    canonical = "pnist/topleft?blur=1&digits=all&haze=40&shift=12&size=56&specks=0.02&train=5000&ynoise=0.5"
    assert get_task(NAME).name == canonical
    for same in (
        "pnist/topleft?specks=.02",
        "pnist/topleft?specks=2e-2&size=28",
        "pnist/topleft?digits=73&specks=0.020",
    ):
        assert get_task(same).name == "pnist/topleft?specks=0.02"
    assert get_task("pnist/topleft?digits=37&size=28").name == "pnist/topleft"
    assert get_task("pnist/top?digits=0123456789").name == "pnist/top?digits=all"
    assert get_task(" pnist/top ").name == "pnist/top"


def test_a_name_is_loaded_once_a_process() -> None:
    assert get_task("pnist/top?size=30&digits=37") is get_task("pnist/top?size=30")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pnist/toplef", "no task is called 'pnist/toplef'; did you mean pnist/topleft"),
        ("pnist", "no task is called 'pnist'"),
        ("friedman1/x", "no task"),
        ("pnist/topleft?sise=3", "no option of pnist/topleft is called 'sise'; did you mean size"),
        (
            "pnist/topleft?size=27",
            "size=27 in pnist/topleft is not possible: a whole number from 28 to 512 is expected",
        ),
        ("pnist/topleft?size=abc", "size=abc .* a whole number from 28 to 512"),
        ("pnist/topleft?specks=nan", "specks=nan .* a number from 0 to 0.25"),
        ("pnist/topleft?digits=x", "digits=x .* 'all' or digits are expected"),
        ("pnist/topleft?data=cifar", "data=cifar .* one of auto, mnist"),
        ("pnist/topleft?superfluous=3", "no option of pnist/topleft is called 'superfluous'"),
        ("columns/perfect?digits=all", "no option of columns/perfect"),
        ("columns/pixels?rows=710", "rows=710 is not possible: the seed set has 709 images"),
        ("columns/pixels?superfluous=785", "superfluous=785 is not possible: there are 784 pixel columns"),
        ("diabetes?rows=443", "rows=443 is not possible: diabetes has 442 rows"),
        ("pnist/digit?ynoise=1", "ynoise is for numbers"),
        ("pnist/topleft?train=709", "train=709 is not possible"),
        ("pnist/topleft?", "ends in"),
        ("pnist/topleft?size", "key=value"),
        ("pnist/topleft?size=30&size=31", "given twice"),
    ],
)
def test_wrong_names_say_what_is_wrong(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        get_task(name).split(0)


def test_an_unknown_task_is_a_lookup_error_too() -> None:
    with pytest.raises(UnknownName) as caught:
        get_task("nothing/like-it")
    assert isinstance(caught.value, LookupError)
    assert "known: pnist/topleft" in str(caught.value)


def test_another_process_makes_the_same_data() -> None:
    """Nothing may hang on hash randomisation or on what ran before."""
    code = f"from spoton.tasks import get_task; print(get_task('{NAME}').data_hash)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == get_task(NAME).data_hash
