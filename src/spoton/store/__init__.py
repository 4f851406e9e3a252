"""Where finished runs are kept."""

from spoton.store._journal import JOURNAL as JOURNAL
from spoton.store._journal import append as append
from spoton.store._journal import check as check
from spoton.store._journal import read as read

__all__ = ["JOURNAL", "append", "check", "read"]
