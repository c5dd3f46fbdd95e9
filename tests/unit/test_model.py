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


@pytest.mark.parametrize(
    ("folder", "problem"),
    [
        (r"D:\VMs\CON", "'CON' is the name of a device"),
        (r"D:\con\sql", "'con' is the name of a device"),
        (r"D:\VMs\nul.txt\a", "'nul.txt' is the name of a device"),
        (r"D:\VMs\Aux .tar.gz", "is the name of a device"),
        *(
            (rf"D:\VMs\{kind}{number}", "is the name of a device")
            for kind in ("COM", "lpt")
            for number in "19\u00b9\u00b2\u00b3"
        ),
        ("D:\\VMs\\web.", "'web.' ends in a blank or dot"),
        ("D:\\VMs \\web", "'VMs ' ends in a blank or dot"),
        ("D:\\VMs\\web ", "'web ' ends in a blank or dot"),
        ("D:\\VMs\\.\\web", "'.' ends in a blank or dot"),
        ("D:\\VMs\\\\web", "two backslashes in a row"),
        ("D:\\\\VMs\\web", "two backslashes in a row"),
        ("D:\\VMs/web", "forward slash"),
        ("D:\\VMs\\a\tb", r"'a\tb' holds '\t'"),
        ("D:\\VMs\\web\n", r"'web\n' holds '\n'"),
        ("D:\\VMs\\" + 256 * "a", "256 signs; 255 are allowed"),
        ("D:\\VMs\\web[1]\\x", "the brackets in 'web[1]' make it a pattern"),
    ],
)
def test_names_that_windows_does_not_take_are_refused_with_the_part(folder: str, problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MigrationRequest(**{**GOOD, "target_folder": folder})
    (told,) = caught.value.errors()
    assert "full Windows path" in told["msg"]
    assert problem in told["msg"]


def test_a_folder_may_have_247_signs() -> None:
    folder = "D:\\" + "\\".join(["a" * 99, "b" * 99, "c" * 44])
    assert len(MigrationRequest(**{**GOOD, "target_folder": folder}).target_folder) == 247
    with pytest.raises(ValidationError, match="has 248 signs; Windows takes 247 of a folder"):
        MigrationRequest(**{**GOOD, "target_folder": folder + "c"})


@pytest.mark.parametrize("name", ["console", "COM0", "COM10", "nullius.txt", "a.nul", ".web", "we b", "Straße", "a'b"])
def test_names_that_only_look_like_those_are_taken(name: str) -> None:
    folder = rf"D:\VMs\{name}\x"
    assert MigrationRequest(**{**GOOD, "target_folder": folder}).target_folder == folder


@pytest.mark.parametrize("end", ["\\", "\\\\"])
def test_a_trailing_backslash_is_no_matter(end: str) -> None:
    assert MigrationRequest(**{**GOOD, "target_folder": "D:\\VMs\\sql-01" + end}).target_folder == "D:\\VMs\\sql-01"


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [
        ("LAN=Production", "LAN", "Production"),
        (" LAN 1 =  10G Net ", "LAN 1", "10G Net"),
        ("LAN=", "LAN", ""),
        ('"Net=10G"=Production', "Net=10G", "Production"),
        ("LAN = 'Net=10G'", "LAN", "Net=10G"),
        ("""'Mgmt '=" Mgmt\t\"""", "Mgmt ", " Mgmt\t"),
        ("""'it''s' = "the \"\"old\"\" one\"""", "it's", 'the "old" one'),
        ("it's=Bob's LAN", "it's", "Bob's LAN"),
        ('"LAN"=""""', "LAN", '"'),
    ],
)
def test_any_name_of_a_switch_can_be_said(text: str, source: str, target: str) -> None:
    assert SwitchPair.parse(text) == SwitchPair(source=source, target=target)
    assert MigrationRequest(**GOOD, switch_map=[{"source": source, "target": target}]).switch_map == (
        SwitchPair(source=source, target=target),
    )


@pytest.mark.parametrize("text", ["LAN", "=x", " = x", "Net=10G=x", '"LAN=x', '""=x', "'a'b=x", "a=b'"])
def test_a_bad_switch_pair(text: str) -> None:
    with pytest.raises(ValueError, match="switch on the target"):
        SwitchPair.parse(text)


def test_migration_ids_are_safe_in_names_and_differ() -> None:
    first, second = new_migration_id(), new_migration_id()
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}", first)
    assert first != second
