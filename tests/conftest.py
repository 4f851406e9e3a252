"""Shared by all tests: one thread, as the bench has it, and a folder of its own for each test that writes."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two test processes on two cores
os.environ.pop("SPOTON_STORE", None)
os.environ.pop("SPOTON_DATA", None)  # the user's own data must not change a test
