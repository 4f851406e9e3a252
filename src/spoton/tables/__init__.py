"""Tables made of runs."""

from spoton.tables._advice import advice as advice
from spoton.tables._leaderboard import leaderboard as leaderboard
from spoton.tables._leaderboard import rows as rows
from spoton.tables._names import tell_apart as tell_apart
from spoton.tables._render import render as render
from spoton.tables._report import report as report
from spoton.tables._report import save_svg as save_svg

__all__ = ["advice", "leaderboard", "render", "report", "rows", "save_svg", "tell_apart"]
