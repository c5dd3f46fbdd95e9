"""What a person asks for: nonsense is refused before any host is touched."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from qsm.plan.names import new_migration_id
from qsm.plan.request import MigrationRequest, SwitchPair

GOOD: dict[str, Any] = {"vm": "sql-01", "source": "hv01", "target": "hv02", "target_folder": r"D:\VMs\sql-01"}


def test_a_good_request() -> None:
    request = MigrationRequest(**GOOD, switch_map=(SwitchPair.parse("LAN = Production"),))
    assert request.keep_source
    assert request.switch_map[0] == SwitchPair(source="LAN", target="Production")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"target": "HV01"}, "same host"),
        ({"target_folder": "VMs\\sql-01"}, "full Windows path"),
        ({"target_folder": "D:VMs"}, "full Windows path"),
        ({"target_folder": "D:\\"}, "root of a volume"),
        ({"target_folder": "D:"}, "root of a volume"),
        ({"target_folder": "D:\\VMs\\..\\Windows"}, "full Windows path"),
        ({"target_folder": "D:\\VMs\\a|b"}, "full Windows path"),
        ({"target_folder": "\\\\nas\\vms\\sql-01"}, "SMB paths"),
        ({"target_folder": "/srv/vms"}, "full Windows path"),
        ({"vm": ""}, "at least 1 character"),
        ({"switch_map": ({"source": "LAN", "target": "a"}, {"source": "lan", "target": "b"})}, "twice"),
        ({"state_transfer": "teleport"}, "'auto', 'save' or 'shutdown'"),
    ],
)
def test_nonsense_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MigrationRequest(**{**GOOD, **change})
    assert problem in str(caught.value)


def test_a_trailing_backslash_is_no_matter() -> None:
    assert MigrationRequest(**{**GOOD, "target_folder": "D:\\VMs\\sql-01\\"}).target_folder == "D:\\VMs\\sql-01"


@pytest.mark.parametrize("text", ["LAN", "=x", " = x"])
def test_a_bad_switch_pair(text: str) -> None:
    with pytest.raises(ValueError, match="switch on the target"):
        SwitchPair.parse(text)


def test_migration_ids_are_safe_in_names_and_differ() -> None:
    first, second = new_migration_id(), new_migration_id()
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}", first)
    assert first != second
