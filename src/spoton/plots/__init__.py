"""Pictures: each function takes an Axes and returns it. matplotlib is imported inside the functions.

They take the colours that read well on the background of the Axes, light or dark: see `canvas`.
"""

from spoton.plots._agreement import agreement as agreement
from spoton.plots._agreement import agreements as agreements
from spoton.plots._correlation import correlation as correlation
from spoton.plots._curves import curves as curves
from spoton.plots._distances import distances as distances
from spoton.plots._groups import error_by_class as error_by_class
from spoton.plots._identity import r2_against_mse as r2_against_mse
from spoton.plots._maps import activations as activations
from spoton.plots._maps import feature_maps as feature_maps
from spoton.plots._place import error_by_place as error_by_place
from spoton.plots._points import points_on_image as points_on_image
from spoton.plots._residuals import residuals as residuals
from spoton.plots._runs import leaderboard as leaderboard
from spoton.plots._runs import sample_efficiency as sample_efficiency
from spoton.plots._samples import samples as samples
from spoton.plots._samples import show_column as show_column
from spoton.plots._samples import show_image as show_image
from spoton.plots._style import canvas as canvas
from spoton.plots._style import dress as dress
from spoton.plots._sweeps import sweep_contour as sweep_contour
from spoton.plots._sweeps import sweep_figure as sweep_figure
from spoton.plots._sweeps import sweep_importance as sweep_importance
from spoton.plots._sweeps import sweep_progress as sweep_progress
from spoton.plots._sweeps import sweep_slice as sweep_slice
from spoton.plots._why import change_effects as change_effects
from spoton.plots._why import fact_picture as fact_picture

__all__ = [
    "activations",
    "agreement",
    "agreements",
    "canvas",
    "change_effects",
    "correlation",
    "curves",
    "distances",
    "dress",
    "error_by_class",
    "error_by_place",
    "fact_picture",
    "feature_maps",
    "leaderboard",
    "points_on_image",
    "r2_against_mse",
    "residuals",
    "sample_efficiency",
    "samples",
    "show_column",
    "show_image",
    "sweep_contour",
    "sweep_figure",
    "sweep_importance",
    "sweep_progress",
    "sweep_slice",
]
