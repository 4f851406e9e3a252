"""Finds out by experiment what holds a learner back."""

from __future__ import annotations

from spoton.why._change import Change as Change
from spoton.why._change import setting as setting
from spoton.why._diagnosis import Diagnosis as Diagnosis
from spoton.why._effect import Effect as Effect
from spoton.why._picture import Picture as Picture
from spoton.why._probe import Fact as Fact
from spoton.why._probe import Probe as Probe
from spoton.why._study import Study as Study
from spoton.why._why import why as why
