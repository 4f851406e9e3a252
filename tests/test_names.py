from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoton import names
from spoton.errors import UsageError

words = st.text("abcdefghij0123456789.-", min_size=1, max_size=6)


@given(words, st.dictionaries(words, words, max_size=4))
def test_there_and_back(stem: str, options: dict[str, str]) -> None:
    assert names.split_name(names.join_name(stem, options)) == (stem, options)


def test_keys_are_sorted() -> None:
    assert names.join_name("a/b", {"z": 1, "b": 2}) == "a/b?b=2&z=1"


@pytest.mark.parametrize("name", ["a?", "a?b", "a?b=", "a?=1", "a?b=1&", "a?b=1&b=2"])
def test_broken_names_are_refused_with_the_name(name: str) -> None:
    with pytest.raises(UsageError, match=r"a\?|'b'|''"):
        names.split_name(name)
