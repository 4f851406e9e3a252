"""What SQL has to know of a task: its member, how its images look, and which columns its answers have."""

from __future__ import annotations

from dataclasses import dataclass

from spoton import names
from spoton.errors import UsageError
from spoton.tasks import Task, families, get_task
from spoton.tasks._variants import Look, look_of

FAMILIES = ("pnist", "qnist")
# LEFT and RIGHT are words of SQL: whoever writes plain SQL would have to quote them
COLUMNS = {"left": "left_x", "top": "top_y", "right": "right_x", "bottom": "bottom_y"}


@dataclass(frozen=True)
class Rule:
    """The rule of one task.

    Attributes:
        family: `pnist` or `qnist`.
        member: `topleft`, `center`, ..., or `if37`, `all`.
        look: the variant of its images.
        columns: names of the answers in SQL, in the order of the task's own.
    """

    family: str
    member: str
    look: Look
    columns: tuple[str, ...]

    @property
    def dressed(self) -> bool:
        """Whether pixels above zero are more than the digit's ink."""
        return bool(self.look.haze or self.look.specks or self.look.blur)


def rule_of(task: str | Task) -> tuple[Task, Rule]:
    """The task, and its rule.

    Raises:
        UsageError: a task without images, one whose rule SQL cannot know, or one without an exact answer.
    """
    chosen = get_task(task) if isinstance(task, str) else task
    stem, options = names.split_name(chosen.name)
    family, _, member = stem.partition("/")
    if chosen.own or family not in FAMILIES:
        what = "data of your own" if chosen.own else "not made of digits"
        raise UsageError(
            f"'{chosen.name}' is {what}; SQL follows the rules of pnist/* and qnist/*, which spoton tasks lists"
        )
    if chosen.ceiling:
        raise UsageError(f"{chosen.name} has no exact answer that SQL could find ({chosen.ceiling}); leave that out")
    known = next(one for one in families() if one.name == family).options
    values = {key: option.read(options[key]) if key in options else option.default for key, option in known.items()}
    columns = tuple(COLUMNS.get(name, name) for name in chosen.data().y.columns)
    return chosen, Rule(family, member, look_of(values), columns)
