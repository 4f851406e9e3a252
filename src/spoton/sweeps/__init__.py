"""Sweeps: the settings of a learner, chosen on rows that no reported figure is made from."""

from spoton.sweeps._plan import SAMPLERS as SAMPLERS
from spoton.sweeps._result import Row as Row
from spoton.sweeps._result import Sweep as Sweep
from spoton.sweeps._space import Choices as Choices
from spoton.sweeps._space import Range as Range
from spoton.sweeps._studies import JOURNAL as JOURNAL
from spoton.sweeps._sweep import sweep as sweep

__all__ = ["JOURNAL", "SAMPLERS", "Choices", "Range", "Row", "Sweep", "sweep"]
