"""What the tests of disk files share: a model of a disk in memory, other programs as judges, and deaths on purpose."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from waiting import DEADLINE_SECONDS

from lab.disks import (
    DiskFormat,
    DiskKind,
    create_child,
    create_disk,
    open_chain,
    parent_in_same_folder,
)

MEBIBYTE = 1 << 20
FORMATS = list(DiskFormat)
SEVEN_ZIP = shutil.which("7zz") or shutil.which("7z")
QEMU_IMG = shutil.which("qemu-img")

needs_seven_zip = pytest.mark.skipif(SEVEN_ZIP is None, reason="needs 7-Zip (7zz or 7z) as an independent reader")
needs_qemu_img = pytest.mark.skipif(QEMU_IMG is None, reason="needs qemu-img as an independent reader and writer")


@dataclass
class DiskModel:
    """A chain in a folder, and beside it the bytes that it must show."""

    folder: Path
    format: DiskFormat
    contents: bytearray
    files: list[Path] = field(default_factory=list)  # the base first

    @property
    def leaf(self) -> Path:
        return self.files[-1]

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.{self.format.lower()}"

    def add_child(self, name: str) -> Path:
        child = self.path(name)
        parent = self.leaf
        create_child(
            child,
            parent=parent,
            parent_windows_path=f"C:\\Disks\\{parent.name}",
            relative_path=f".\\{parent.name}",
        )
        self.files.append(child)
        return child

    def write_at_random(self, dice: random.Random, *, count: int, granularity_bytes: int) -> None:
        """Writes of all sizes into the leaf, many of them over the border of two blocks."""
        with open_chain(self.leaf, resolve=parent_in_same_folder, writable=True) as disk:
            for _ in range(count):
                length = granularity_bytes * dice.choice((1, 1, 1, 2, 7, 64, 600))
                length = min(length, len(self.contents) // 2 // granularity_bytes * granularity_bytes)
                offset = dice.randrange((len(self.contents) - length) // granularity_bytes + 1) * granularity_bytes
                data = dice.randbytes(length)
                disk.write(offset, data)
                self.contents[offset : offset + length] = data

    def read_all(self, leaf: Path | None = None) -> bytes:
        with open_chain(leaf or self.leaf, resolve=parent_in_same_folder, writable=False) as disk:
            return disk.read(0, disk.size_bytes)

    def check(self, leaf: Path | None = None) -> None:
        assert self.read_all(leaf) == self.contents


def make_disk(
    folder: Path,
    format: DiskFormat,
    *,
    kind: DiskKind = DiskKind.DYNAMIC,
    size_bytes: int = 9 * MEBIBYTE + 1024,
    block_bytes: int = MEBIBYTE,
    logical_sector_bytes: int = 512,
) -> DiskModel:
    """An empty base disk; its size is no multiple of the block.

    7-Zip 26.01 does not open a VHDX with an odd number of sectors (qemu-img and the specification do): hence 1024.
    """
    model = DiskModel(folder, format, bytearray(size_bytes))
    base = model.path("base")
    create_disk(
        base,
        format=format,
        kind=kind,
        size_bytes=size_bytes,
        block_bytes=block_bytes,
        logical_sector_bytes=logical_sector_bytes,
    )
    model.files.append(base)
    return model


def read_with_seven_zip(path: Path, format: DiskFormat) -> bytes:
    """The disk as 7-Zip sees it; it follows a chain in the same folder by itself."""
    assert SEVEN_ZIP is not None
    done = subprocess.run(
        [SEVEN_ZIP, "e", "-so", f"-t{format.lower()}", str(path)],
        capture_output=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def copy_folder(model: DiskModel, folder: Path) -> DiskModel:
    """The same chain elsewhere, with the files' times, which are part of a VHD's link."""
    shutil.copytree(model.folder, folder)
    files = [folder / file.name for file in model.files]
    return DiskModel(folder, model.format, bytearray(model.contents), files)


def die_before_change(number: int, action: Callable[[], object]) -> bool:
    """Run `action` in a process that is killed before its change number `number` (from 1) reaches a file.

    True when it was killed, False when it ended by itself because it makes fewer changes.
    """
    process_id = os.fork()
    if process_id == 0:
        try:
            _kill_at_change(number)
            action()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(process_id, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the action failed instead of being killed"
    return False


def _kill_at_change(number: int) -> None:
    """The system calls that change files die at their call number `number`, all of them counted together."""
    made = 0

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object, **named: object) -> object:
            nonlocal made
            made += 1
            if made == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return run

    for name in ("pwrite", "ftruncate", "utime"):
        setattr(os, name, counted(getattr(os, name)))
