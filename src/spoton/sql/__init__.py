"""The problem in SQL: a task of digits as tables, and its points found by views alone."""

from spoton.sql._load import Loaded as Loaded
from spoton.sql._load import load as load
from spoton.sql._problem import Checked as Checked
from spoton.sql._problem import Problem as Problem

__all__ = ["Checked", "Loaded", "Problem", "load"]
