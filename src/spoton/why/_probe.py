"""`Probe`: a suspicion, and the experiments that test it. One probe, one file in `probes/`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from spoton.why._change import Change
from spoton.why._picture import Picture

if TYPE_CHECKING:
    from spoton.why._study import Study


@dataclass(frozen=True)
class Fact:
    """What was seen without changing the learner.

    Attributes:
        probe: which probe saw it.
        words: a sentence.
        fault: the data are wrong in this way, and no learner can mend it; this goes before all else.
        advice: what to do, where there is something.
        picture: the figures behind it, where they are worth one.
    """

    probe: str
    words: str
    fault: bool = False
    advice: str = ""
    picture: Picture | None = None


class Probe:
    """A suspicion: what can be seen, and which changes test it. Both may be empty.

    A probe of one's own: a subclass, handed to `why(..., probes=[...])`.
    """

    name: ClassVar[str] = ""
    about: ClassVar[str] = ""

    def look(self, study: Study) -> Iterable[Fact]:
        """What is seen in the data and in the runs of the learner as it is."""
        return ()

    def changes(self, study: Study) -> Iterable[Change]:
        """Changes to be measured, the most promising first."""
        return ()
