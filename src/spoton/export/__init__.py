"""Fitted learners as files for other programs: ONNX and `torch.export`, checked against the learner on real inputs."""

from spoton.export._check import TOLERANCE as TOLERANCE
from spoton.export._check import Checked as Checked
from spoton.export._export import export_learner as export_learner
from spoton.export._model import export_model as export_model

__all__ = ["TOLERANCE", "Checked", "export_learner", "export_model"]
