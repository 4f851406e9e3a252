"""`python -m spoton.cli`."""

from spoton.cli import main

main()
