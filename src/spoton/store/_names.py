"""Names that others use without opening a database."""

from __future__ import annotations

DEFAULT = "spoton.db"  # in the working folder
VARIABLE = "SPOTON_STORE"
