"""``python -m trackbook``: the command line."""

from trackbook.cli import main

main()
