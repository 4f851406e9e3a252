"""A kept model as an HTTP service: images or rows in, points out."""

from spoton.serving._app import make_app as make_app
from spoton.serving._limits import Limits as Limits
from spoton.serving._server import serve_model as serve_model

__all__ = ["Limits", "make_app", "serve_model"]
