"""The probes. One is one file here and one export line; `why` finds it by itself."""

from __future__ import annotations

from spoton import catalogue
from spoton.why._alter import group_norm as group_norm
from spoton.why._probe import Probe
from spoton.why.probes._architecture import Architecture as Architecture
from spoton.why.probes._architecture import without_averages as without_averages
from spoton.why.probes._augmentation import Augmentation as Augmentation
from spoton.why.probes._augmentation import without_moves as without_moves
from spoton.why.probes._bounds import Bounds as Bounds
from spoton.why.probes._columns import SparseColumns as SparseColumns
from spoton.why.probes._data import Data as Data
from spoton.why.probes._frames import Frames as Frames
from spoton.why.probes._gradients import Gradients as Gradients
from spoton.why.probes._information import Information as Information
from spoton.why.probes._input_scale import InputScale as InputScale
from spoton.why.probes._input_scale import clipped as clipped
from spoton.why.probes._joint import Joint as Joint
from spoton.why.probes._label_noise import LabelNoise as LabelNoise
from spoton.why.probes._memory import Memory as Memory
from spoton.why.probes._modes import Modes as Modes
from spoton.why.probes._modes import without_dropout as without_dropout
from spoton.why.probes._optimisation import Optimisation as Optimisation
from spoton.why.probes._output_range import OutputRange as OutputRange
from spoton.why.probes._places import Places as Places
from spoton.why.probes._random_columns import RandomColumnsAdded as RandomColumnsAdded
from spoton.why.probes._reproducibility import Reproducibility as Reproducibility
from spoton.why.probes._skip import SparseSkip as SparseSkip
from spoton.why.probes._skip import with_skip as with_skip
from spoton.why.probes._steps import Floored as Floored
from spoton.why.probes._steps import Logged as Logged
from spoton.why.probes._steps import Pixels as Pixels
from spoton.why.probes._superfluous import Superfluous as Superfluous
from spoton.why.probes._superfluous import relevance as relevance
from spoton.why.probes._target_scale import TargetScale as TargetScale
from spoton.why.probes._targets import ClippedTargets as ClippedTargets
from spoton.why.probes._targets import OneScale as OneScale


def probes() -> list[Probe]:
    """One of each, sorted by name."""
    return [found() for _, found in sorted(catalogue.classes(__name__, Probe).items()) if found is not Probe]
