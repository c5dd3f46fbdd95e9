"""What hosts must have: every line can fail and be mended, and says so in one way to all who read the list."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qsm
from qsm.care.check_hosts import host_findings
from qsm.facts.hosts import HostFacts
from qsm.hosts import needs

READY = HostFacts(
    computer_name="HV01", fqdn="hv01.example.com", computer_account=r"EXAMPLE\HV01$", os_caption="Windows Server 2022",
    os_build=20348, powershell_version="5.1.20348.1", language_mode="FullLanguage", execution_policy="Bypass",
    administrator=True, hyperv=True, cluster=None, supported_vm_versions=("10.0",), processor_vendor="GenuineIntel",
    processor_name="A", logical_processors=8, mac_range=None, memory_free_bytes=1 << 34, boot_time_ticks=1, volumes=(),
    system_volume="C:\\", switches=(),
    bits_start_mode="Manual",
    max_shells_per_user=5, max_processes_per_shell=5, max_memory_per_shell_mb=512,
)  # fmt: skip
BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("language mode", {"language_mode": "ConstrainedLanguage"}, "ConstrainedLanguage"),
    ("execution policy", {"execution_policy": "AllSigned"}, "AllSigned"),
    ("execution policy", {"execution_policy": "Restricted"}, "Restricted"),
    ("PowerShell", {"powershell_version": "3.0"}, "3.0"),
    ("PowerShell", {"powershell_version": ""}, "4.0 or later"),
    ("unfiltered administrator", {"administrator": False}, "filtered"),
    ("BITS service", {"bits_start_mode": "Disabled"}, "disabled"),
    ("WinRM quotas", {"max_shells_per_user": 4}, "4 shells"),
    ("WinRM quotas", {"max_processes_per_shell": 4}, "4 processes"),
    ("WinRM quotas", {"max_memory_per_shell_mb": 511}, "511 MB"),
    ("Hyper-V", {"hyperv": False}, "does not answer"),
    ("domain", {"computer_account": None}, "workgroup"),
]
PAIR = needs.PairFacts("hv01", "hv02", account=r"EXAMPLE\HV02$", sid="S-1-5-21", smb_name="hv01.x", smb_reachable=True)
BROKEN_PAIRS: list[tuple[str, dict[str, Any], str]] = [
    ("computer account", {"sid": None}, r"EXAMPLE\HV02$"),
    ("SMB", {"smb_reachable": False}, "hv01.x"),
]
JUDGED = {
    "language_mode", "execution_policy", "administrator", "hyperv", "bits_start_mode", "max_shells_per_user",
    "max_processes_per_shell", "max_memory_per_shell_mb", "smb_reachable",
}  # fmt: skip


def test_a_host_that_has_all_meets_every_line() -> None:
    assert list(needs.unmet(needs.OF_HOST, READY)) == []
    assert list(needs.unmet(needs.OF_PAIR, PAIR)) == []
    assert all(finding.ok and not finding.repair for finding in host_findings("hv01", READY))


def test_every_line_is_tried() -> None:
    assert [need.point for need in needs.OF_HOST] == list(dict.fromkeys(point for point, *_ in BROKEN))
    assert [need.point for need in needs.OF_PAIR] == [point for point, *_ in BROKEN_PAIRS]


@pytest.mark.parametrize(("point", "changes", "named"), BROKEN)
def test_a_line_that_is_not_met(point: str, changes: dict[str, Any], named: str) -> None:
    """Preflight and the check say it in the same words; the first contact too: see the tests of sessions."""
    facts = READY.model_copy(update=changes)
    (need,) = needs.unmet(needs.OF_HOST, facts)
    assert need.point == point
    (reason,) = needs.reasons(needs.OF_HOST, facts, host="hv01")
    assert "host hv01" in reason
    assert named in reason
    (finding,) = (finding for finding in host_findings("hv01", facts) if not finding.ok)
    assert reason == f"{finding.found}; {finding.repair}"
    assert finding.point == point
    assert finding.repair


@pytest.mark.parametrize(("point", "changes", "named"), BROKEN_PAIRS)
def test_a_line_of_two_hosts_that_is_not_met(point: str, changes: dict[str, Any], named: str) -> None:
    pair = replace(PAIR, **changes)
    assert [need.point for need in needs.unmet(needs.OF_PAIR, pair)] == [point]
    (reason,) = needs.reasons(needs.OF_PAIR, pair)
    assert all(text in reason for text in ("host hv01", named, "; "))


def test_a_target_in_a_workgroup_is_told_once() -> None:
    assert list(needs.reasons(needs.OF_PAIR, replace(PAIR, account=None, sid=None))) == []


def test_nobody_judges_these_facts_elsewhere() -> None:
    """All users go by the list: the facts behind it are read in its file only."""
    root = Path(qsm.__file__).parent
    readers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in JUDGED
    }
    assert readers == {"hosts/needs.py", "care/check_hosts.py", "steps/preflight.py"}
