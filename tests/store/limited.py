"""Runs a program whom a machine sets limits: ``limited.py LIMIT -c CODE`` or ``limited.py LIMIT SCRIPT``."""

from __future__ import annotations

import ctypes
import os
import resource
import runpy
import sys

_VERSION, _OVERRIDE_RIGHTS, _OVERRIDE_READING = 0x20080522, 1, 2  # of capget(2) and capabilities(7)


def obey_rights() -> None:
    """Make root one whom the rights of files bind."""
    if os.geteuid() == 0:
        system = ctypes.CDLL(None, use_errno=True)
        head, may = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
        assert system.capget(head, may) == 0, os.strerror(ctypes.get_errno())
        for number in range(3):  # in force, allowed, handed on
            may[number] &= ~(1 << _OVERRIDE_RIGHTS | 1 << _OVERRIDE_READING)
        assert system.capset(head, may) == 0, os.strerror(ctypes.get_errno())


def keep_files_small() -> None:
    """Let no file grow beyond 400,000 bytes, until the limit is lifted: like a full disk, where none can be mounted."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))


def let_all_in() -> None:
    """Have new files be open to everyone."""
    os.umask(0)


if __name__ == "__main__":
    limit, *words = sys.argv[1:]
    {each.__name__: each for each in (obey_rights, keep_files_small, let_all_in)}[limit]()
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(words[1], {"__name__": "__main__"})
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
