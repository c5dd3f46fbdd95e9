"""Finding the parent of a child whose Windows paths mean nothing on this machine.

Trouble: a chain that was brought here names its parents by paths of the Windows host it came from. Answer:
a parent lies in the child's folder under the name the locator gives, as after a copy of the whole folder.
"""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from lab.disks.model import DiskError, DiskInfo, Hresult


def parent_in_same_folder(child: DiskInfo) -> Path:
    """A Resolver. Raises DiskError 0xC03A000D when no named parent lies beside the child."""
    names = [PureWindowsPath(path).name for path in (child.parent_relative_path, child.parent_windows_path) if path]
    for name in names:
        if (child.path.parent / name).is_file():
            return child.path.parent / name
    raise DiskError(
        Hresult.PARENT_NOT_FOUND, f"the parent of {child.path} is not in its folder: {' or '.join(names) or '?'}"
    )
