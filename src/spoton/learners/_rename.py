"""Names of learners with a word changed: how `why` and sweeps ask for a learner that is a little different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spoton.errors import MissingExtra, UsageError
from spoton.learners._assemble import Words, parse


def rename(
    name: str,
    *,
    base: str | None = None,
    features: Sequence[str] | None = None,
    modifiers: Mapping[str, str | None] | None = None,
    options: Mapping[str, str] | None = None,
) -> str | None:
    """The name with other words; None where no learner of the catalogue has such a name.

    Args:
        name: of a learner, as in `net3+ynorm?lr=0.01`.
        base: its first word.
        features: those after `@`.
        modifiers: set to these values, "" for none; None takes one out.
        options: parameters after `?`.

    Example:
        >>> rename("net3?epochs=5", modifiers={"ynorm": ""}, options={"lr": "0.01"})
        'net3+ynorm?epochs=5&lr=0.01'
    """
    from spoton.learners import check_learner

    words = parse(name)
    kept = dict(words.modifiers)
    for key, value in (modifiers or {}).items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value
    chosen = words.features if features is None else tuple(features)
    found = str(Words(base or words.base, chosen, kept, {**words.options, **(options or {})}))
    try:
        check_learner(found)
    except (UsageError, MissingExtra, ValueError, TypeError):
        return None
    return found


def is_known(name: str) -> bool:
    """Whether it is the name of a learner of the catalogue."""
    from spoton.learners import check_learner

    try:
        check_learner(name)
    except UsageError:
        return False
    return True
