"""The command line: one command, one call, one document on stdout; messages go to stderr.

Exit codes: 0 done; 1 the answer is no; 2 wrong use or broken input; 130 interrupted. A command's module is imported
when it is asked for (`loading`), and what only some commands need is imported in them: all of them are quick.
"""

from trackbook.cli.base import cli, main

__all__ = ["cli", "main"]
