"""A folder has one process at a time."""

import os
from pathlib import Path

import pytest

from schemas.process.folder_lock import FolderInUseError, lock_folder


def test_a_second_lock_names_the_process_that_holds_the_first(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path / "new" / "folder")
    with pytest.raises(FolderInUseError) as holder:
        lock_folder(tmp_path / "new" / "folder")
    assert holder.value.pid == str(os.getpid())
    os.close(lock)
    os.close(lock_folder(tmp_path / "new" / "folder"))


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        lock_folder(tmp_path / "file" / "folder")
