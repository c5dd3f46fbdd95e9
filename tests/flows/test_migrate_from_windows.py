"""A whole migration by a command that plays Windows, with the Prefect server that lives only for the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from flow_lab import MIB, FlowLab
from windows_client import as_on_windows

from lab.host.handle import LabDisk

pytestmark = pytest.mark.timeout(300)


def test_a_vm_whose_name_no_code_page_has_is_moved_and_told_of(flow_lab: FlowLab, tmp_path: Path) -> None:
    name = "\N{CYRILLIC SMALL LETTER DE}-1"
    vm = flow_lab.make_vm(disks=(LabDisk(size_bytes=4 * MIB),), state="Off", name=name)
    options = ("--source", "hv01", "--target", "hv02", "--target-folder", vm.folder, "--switch", "LAN=Production")
    seen = as_on_windows(
        ("migrate", name, *options),
        folder=tmp_path,
        environment={"USERNAME": "Verwalter", "PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_API_URL": ""},
    )
    assert seen.exits == (0,), seen.output + seen.errors
    assert r"forward: VM \N{CYRILLIC SMALL LETTER DE}-1 is" in seen.output
    assert flow_lab.state(flow_lab.target, vm) == "Off"
    assert len(list((tmp_path / "reports").glob("*.json"))) == 1
