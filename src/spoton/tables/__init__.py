"""Tables made of runs."""

from spoton.tables._advice import advice as advice
from spoton.tables._leaderboard import leaderboard as leaderboard
from spoton.tables._leaderboard import rows as rows
from spoton.tables._render import render as render

__all__ = ["advice", "leaderboard", "render", "rows"]
