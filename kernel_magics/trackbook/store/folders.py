"""Folders and files for their owner's eyes only: a store may hold what a notebook printed."""

from __future__ import annotations

import os
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def make_private_folder(folder: Path) -> None:
    """Make a folder and what is missing above it, each with mode 0700 (`Path.mkdir` gives that to the last only)."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def create_private_file(path: Path) -> None:
    """Make an empty file with mode 0600 unless there is one."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
