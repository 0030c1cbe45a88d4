"""What has reached the disk when it returns."""

from __future__ import annotations

import os


def sync_folder(folder: str) -> None:
    """That files were made, moved or removed in a folder. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
