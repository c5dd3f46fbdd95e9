"""A host in a process of its own, to be killed: runs the VM of an existing host folder until it is told to end."""

from __future__ import annotations

import sys
from pathlib import Path

from lab.hyperv import HyperV, vm_host
from lab.platform.platform import Platform


def main() -> None:
    """Boot the host in `argv[1]/argv[2]` with the witness at port `argv[3]`; a line on stdout says when."""
    lab_folder, name, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    platform = Platform(lab_folder / name, lab_folder=lab_folder)
    hyperv = HyperV(vm_host(platform), lab_folder / name / "hyperv", platform=platform, witness=("127.0.0.1", port))
    hyperv.boot()
    print("booted", flush=True)
    for line in sys.stdin:
        vm_id, _, method = line.strip().partition(" ")
        getattr(hyperv, method)(vm_id)
        print("done", flush=True)


if __name__ == "__main__":
    main()
