"""Runs to an MLflow server, for those who look at theirs there. The store stays the place where nothing is lost."""

from spoton.tracking._send import Files as Files
from spoton.tracking._send import Sent as Sent
from spoton.tracking._send import check_uri as check_uri
from spoton.tracking._send import later as later
from spoton.tracking._send import send as send
from spoton.tracking._send import shown as shown

__all__ = ["Files", "Sent", "check_uri", "later", "send", "shown"]
