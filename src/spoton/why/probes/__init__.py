"""The probes. One is one file here and one export line; `why` finds it by itself."""

from __future__ import annotations

from spoton import catalogue
from spoton.why._probe import Probe
from spoton.why.probes._architecture import Architecture as Architecture
from spoton.why.probes._bounds import Bounds as Bounds
from spoton.why.probes._data import Data as Data
from spoton.why.probes._frames import Frames as Frames
from spoton.why.probes._input_scale import InputScale as InputScale
from spoton.why.probes._joint import Joint as Joint
from spoton.why.probes._optimisation import Optimisation as Optimisation
from spoton.why.probes._output_range import OutputRange as OutputRange
from spoton.why.probes._reproducibility import Reproducibility as Reproducibility
from spoton.why.probes._superfluous import Superfluous as Superfluous
from spoton.why.probes._target_scale import TargetScale as TargetScale


def probes() -> list[Probe]:
    """One of each, sorted by name."""
    return [found() for _, found in sorted(catalogue.classes(__name__, Probe).items()) if found is not Probe]
