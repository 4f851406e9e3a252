"""`python -m spoton`."""

from spoton.cli import main

main()
