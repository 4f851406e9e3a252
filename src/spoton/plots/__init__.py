"""Pictures. matplotlib is imported inside the functions."""

from spoton.plots._samples import samples as samples
from spoton.plots._samples import show_column as show_column
from spoton.plots._samples import show_image as show_image

__all__ = ["samples", "show_column", "show_image"]
