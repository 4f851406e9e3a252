"""Pictures of one stored run, by `spoton.plots`: what it predicted against what is right, and how it learned."""

from spoton.gallery._answers import Answers as Answers
from spoton.gallery._answers import answers as answers
from spoton.gallery._pictures import missing as missing
from spoton.gallery._pictures import pictures as pictures
from spoton.gallery._task import task_of as task_of

__all__ = ["Answers", "answers", "missing", "pictures", "task_of"]
