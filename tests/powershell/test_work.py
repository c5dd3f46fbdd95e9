"""Work.ps1, which runs as SYSTEM: what it lets run, and what not."""

from __future__ import annotations

import pytest
from lab_host import MODULE, ROOT, EngineHost

from lab.platform.identity import SYSTEM
from qsm.hosts import wire

MIGRATION = "20300131T235959-0123abcd"


def run(host: EngineHost, *more: str, kind: str = "copy") -> tuple[int, str]:
    arguments = ("-MigrationId", MIGRATION, "-Kind", kind, "-Number", "1", *more)
    process = host.start("-File", f"{MODULE}\\Work.ps1", *arguments, identity=SYSTEM)
    out, errors = process.finish()
    return process.code, (out + errors).decode()


def test_a_whole_module_does_its_work(engine_host: EngineHost) -> None:
    engine_host.put_module()
    for kind, more in (("copy", ()), ("copy", ("-Module", wire.module_hash())), ("merge", ())):
        code, said = run(engine_host, *more, kind=kind)
        # The work function itself, which misses what start_copy or start_merge would have asked for.
        assert code != 0
        assert f"has started no {kind} number 1" in said.replace("\n", " "), said


@pytest.mark.parametrize("damage", ["altered", "added", "stranger", "open", "hash"])
def test_nothing_else_runs_as_system(engine_host: EngineHost, damage: str) -> None:
    module = engine_host.put_module()
    victim = module / "QuickStorageMigration.psm1"
    evil = "function Invoke-QsmCopyWork { New-Item -ItemType File -Path C:\\evil }\n"
    more: tuple[str, ...] = ()
    if damage == "altered":
        victim.write_text(victim.read_text("ascii") + evil, "ascii")
    elif damage == "added":
        (module / "more.ps1").write_text(evil, "ascii")
    elif damage == "stranger":
        engine_host.platform.acl.set_owner(f"{MODULE}\\{victim.name}", "LAB\\Administrator")
    elif damage == "open":
        engine_host.platform.acl.unprotect(ROOT)
    else:
        more = ("-Module", "0" * 64)
    code, said = run(engine_host, *more)
    assert code != 0
    assert "as SYSTEM" in said or damage == "hash"
    assert not engine_host.path("C:\\evil").exists()


@pytest.mark.parametrize("arguments", [("-Kind", "all"), ("-Number", "-1"), ("-MigrationId", "..\\x")])
def test_arguments_are_checked(engine_host: EngineHost, arguments: tuple[str, str]) -> None:
    engine_host.put_module()
    given = {"-MigrationId": MIGRATION, "-Kind": "copy", "-Number": "1", arguments[0]: arguments[1]}
    words = (part for pair in given.items() for part in pair)
    process = engine_host.start("-File", f"{MODULE}\\Work.ps1", *words, identity=SYSTEM)
    process.finish()
    assert process.code != 0
