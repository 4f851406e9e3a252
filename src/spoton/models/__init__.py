"""Fitted learners that are kept: `fit_model`, `load_model`, and the folder between them."""

from __future__ import annotations

from spoton.models._card import Card as Card
from spoton.models._fit import fit_model as fit_model
from spoton.models._model import Model as Model
from spoton.models._model import load_model as load_model
from spoton.models._verify import Check as Check
from spoton.models._verify import Verdict as Verdict
from spoton.models._verify import verify as verify

__all__ = ["Card", "Check", "Model", "Verdict", "fit_model", "load_model", "verify"]
