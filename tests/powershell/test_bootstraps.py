"""The four scripts that travel, run as they travel: by -EncodedCommand, fed through a pipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from engine import EngineProcess, read_answer
from lab_host import MODULE, ROOT, EngineHost

from lab.engines.powershell.processes import PROFILE
from lab.platform.identity import ADMINISTRATORS
from lab.platform.windows import VERSIONS
from qsm.hosts import wire

MARK = b"@@QSM "
STRANGER = "LAB\\Administrator"


def read(process: EngineProcess, call: str) -> dict[str, Any]:
    answer = wire.parse_line(process.read_line(MARK))
    assert answer is not None
    assert answer.call == call
    return answer.content


def rest(process: EngineProcess) -> list[wire.Answer]:
    out, _ = process.finish()
    assert out.isascii()
    return [answer for answer in map(wire.parse_line, out.splitlines()) if answer]


def ask(call: str, **fields: Any) -> bytes:
    return wire.encode_line({"call": call, "module": wire.module_hash(), **fields})


def operation(call: str, name: str, arguments: Mapping[str, Any], **fields: Any) -> bytes:
    line = {"operation": name, "migration_id": "", "subject": "", "revision": None, "wait_seconds": 0}
    return ask(call, **{**line, "arguments": dict(arguments), **fields})


def test_probe_answers_while_its_input_stays_open(engine_host: EngineHost) -> None:
    process = engine_host.bootstrap("probe")
    process.send(ask("a" * 32))
    first = read(process, "a" * 32)
    assert first["ok"] is True
    assert first["result"] == {
        "powershell_version": VERSIONS["2022"].powershell,
        "language_mode": "FullLanguage",
        "execution_policy": "Bypass",
        "installed": False,
        "administrator": True,
    }
    engine_host.put_module()
    process.send(ask("b" * 32))
    assert read(process, "b" * 32)["result"]["installed"] is True
    assert rest(process) == []


def test_probe_answers_at_the_end_of_its_input(engine_host: EngineHost) -> None:
    engine_host.put_module()
    for filtered in (False, True):
        engine_host.platform.accounts.change(administrator_filtered=filtered)
        process = engine_host.bootstrap("probe")
        process.send(ask("a" * 32) + b"\n" + ask("b" * 32))
        answers = rest(process)
        assert [answer.call for answer in answers] == ["a" * 32, "b" * 32]
        for answer in answers:
            # A member of the group, but with a filtered token: it is no administrator, and the module is closed to it.
            assert (answer.content["result"]["administrator"], answer.content["result"]["installed"]) == (
                not filtered,
                not filtered,
            )


def test_probe_believes_no_module_that_others_could_have_changed(engine_host: EngineHost) -> None:
    folder = engine_host.put_module()
    victim = folder / "QuickStorageMigration.psm1"
    bytes_before = victim.read_bytes()
    process = engine_host.bootstrap("probe")

    def installed() -> bool:
        process.send(ask("c" * 32))
        return bool(read(process, "c" * 32)["result"]["installed"])

    assert installed()
    victim.write_bytes(bytes_before + b"# altered\n")
    assert not installed()
    victim.write_bytes(bytes_before)
    assert installed()
    (folder / "more.ps1").write_bytes(b"")
    assert not installed()
    (folder / "more.ps1").unlink()
    acl = engine_host.platform.acl
    for path in (f"{MODULE}\\{victim.name}", MODULE, ROOT):
        acl.set_owner(path, STRANGER)
        assert not installed()
        acl.set_owner(path, ADMINISTRATORS)
        assert installed()
    acl.unprotect(ROOT)  # open to others
    assert not installed()
    acl.protect(ROOT)
    assert installed()
    process.send(wire.encode_line({"call": "d" * 32, "module": "..\\..\\x"}))
    assert read(process, "d" * 32)["result"]["installed"] is False
    assert rest(process) == []


def test_probe_tells_of_a_host_that_allows_little(engine_host: EngineHost) -> None:
    engine_host.put_module()
    profile = engine_host.path(PROFILE)
    profile.parent.mkdir(parents=True)
    profile.write_text("$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'\n", "ascii")
    process = engine_host.bootstrap("probe", profile=True)
    process.send(ask("a" * 32))
    result = rest(process)[0].content["result"]
    assert (result["language_mode"], result["installed"]) == ("ConstrainedLanguage", False)


def install(host: EngineHost, lines: list[bytes] | None = None) -> dict[str, Any]:
    process = host.bootstrap("install")
    for line in lines if lines is not None else list(wire.install_lines("1" * 32)):
        process.send(line)
    (answer,) = rest(process)
    assert answer.call == "1" * 32
    return answer.content


def test_install_puts_the_module_where_serve_finds_it(engine_host: EngineHost) -> None:
    assert install(engine_host) == {"ok": True, "result": {"installed": True}}
    folder = engine_host.root / "modules" / wire.module_hash() / wire.MODULE_NAME
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == {
        file.path: file.data for file in wire.module_files()
    }
    assert engine_host.platform.acl.is_protected(ROOT)
    assert [path.name for path in engine_host.root.parent.iterdir()] == ["QuickStorageMigration"]
    assert [path.name for path in (engine_host.root / "modules").iterdir()] == [wire.module_hash()]

    # A whole one is left alone, one that was altered is replaced.
    whole = folder.stat().st_ino
    assert install(engine_host)["ok"]
    assert folder.stat().st_ino == whole
    (folder / "more.ps1").write_bytes(b"")
    assert install(engine_host)["ok"]
    assert not (folder / "more.ps1").exists()

    process = engine_host.bootstrap("serve")
    process.send(ask("e" * 32, operation="ping"))
    answer = read(process, "e" * 32)
    assert read_answer("ping", answer).result == {}
    process.send(operation("f" * 32, "find_migrations", {"migration_id": "", "vm": "Bücher-Übung 'x' & $y"}))
    found = read_answer("find_migrations", read(process, "f" * 32))
    assert (found.result.migrations, found.result.locks) == ((), ())
    process.send(b"\nno json\n")
    assert read_answer("ping", read(process, "0")).error.category == "refused"  # type: ignore[union-attr]
    assert rest(process) == []


def test_install_refuses_a_folder_of_somebody_else(engine_host: EngineHost) -> None:
    engine_host.root.mkdir()
    engine_host.platform.acl.set_owner(ROOT, STRANGER)
    answer = install(engine_host)
    assert answer["ok"] is False
    assert "is not closed to others" in answer["error"]["message"]
    assert list(engine_host.root.iterdir()) == []


def altered(line: bytes) -> bytes:
    content = json.loads(line)
    content["data"] = "QUJD"
    return wire.encode_line(content)


@pytest.mark.parametrize("damage", ["data", "missing", "path"])
def test_install_takes_nothing_that_is_not_whole(engine_host: EngineHost, damage: str) -> None:
    lines = list(wire.install_lines("1" * 32))
    if damage == "data":
        lines[5] = altered(lines[5])
    elif damage == "missing":
        del lines[5]
    else:
        lines[0] = lines[0].replace(b"Work.ps1", b"../../Work.ps1")
    answer = install(engine_host, lines)
    assert answer["ok"] is False
    assert set(answer["error"]) == {"id", "category", "retryable", "message", "subject", "hresult", "facts"}
    assert not (engine_host.root / "modules" / wire.module_hash()).exists()


@pytest.mark.parametrize("name", ["call", "serve"])
def test_calls_never_reach_a_module_that_was_altered(engine_host: EngineHost, name: str) -> None:
    folder = engine_host.put_module()
    with (folder / "QuickStorageMigration.psm1").open("a", encoding="ascii") as module:
        module.write("function Find-QsmMigration { 'evil' }\n")
    process = engine_host.bootstrap(name)
    process.send(operation("a" * 32, "find_migrations", {}))
    (answer,) = rest(process)
    error = read_answer("find_migrations", answer.content).error
    assert error is not None
    assert (error.id, error.category) == ("HostFailed", "refused")
    assert "altered" in error.message


def test_call_does_one_call(engine_host: EngineHost) -> None:
    engine_host.put_module()
    process = engine_host.bootstrap("call")
    process.send(operation("a" * 32, "find_migrations", {}) + operation("b" * 32, "find_migrations", {}))
    answers = rest(process)
    assert [answer.call for answer in answers] == ["a" * 32]
    assert read_answer("find_migrations", answers[0].content).ok


def test_everything_runs_on_windows_powershell_4(old_engine_host: EngineHost) -> None:
    assert install(old_engine_host)["ok"]
    process = old_engine_host.bootstrap("probe")
    process.send(ask("a" * 32))
    result = rest(process)[0].content["result"]
    assert result["powershell_version"].startswith("4.0")
    assert result["installed"]
    process = old_engine_host.bootstrap("serve")
    process.send(operation("b" * 32, "find_migrations", {}))
    assert read_answer("find_migrations", read(process, "b" * 32)).ok
    assert rest(process) == []
