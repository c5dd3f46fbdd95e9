"""Check what real hosts need before anybody plans a migration: each point with what was found and how to repair it.

1. per host: it answers, an unfiltered administrator, language mode, execution policy, BITS, WinRM quotas, Hyper-V;
2. per pair, source to target: the computer account resolves, TCP 445 answers, and one small file really is copied by the
   SYSTEM task over a temporary share, compared, and removed with everything that was made for it; it is held open on the
   source, and protected, like the frozen disk of a running VM.
"""

from __future__ import annotations

import ntpath
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from pydantic import Field

from qsm.errors import HostFailed, QsmError, Refused
from qsm.facts.frozen import Frozen
from qsm.facts.hosts import HostFacts
from qsm.facts.states import WorkState
from qsm.hosts import messages as m
from qsm.hosts import needs, operations
from qsm.hosts.host import Host
from qsm.hosts.needs import HostNeed, PairFacts
from qsm.migration.side import Side
from qsm.migration.waiting import wait_for
from qsm.plan.ending import End
from qsm.plan.names import new_migration_id
from qsm.plan.record import Role

NO_VM = "00000000-0000-0000-0000-000000000000"
PROBE_BYTES = 64 * 1024
COPY_SECONDS = 120
POLL_SECONDS = 2.0
Facts = TypeVar("Facts", HostFacts, PairFacts)


class Finding(Frozen):
    """One point of the check."""

    subject: str = Field(description="host, or 'source -> target'")
    point: str
    ok: bool
    found: str
    repair: str = Field(description="what to do; empty when the point is fine")


def check_host(host: Host) -> tuple[HostFacts | None, list[Finding]]:
    """The host's own points; None for the facts when it cannot be asked."""
    try:
        facts = host.ask(operations.get_host, m.GetHostArguments())
    except QsmError as error:
        wire = "see docs/hosts.md, 'WinRM': listener, firewall, certificate, account"
        repair = "do what the text says; see docs/hosts.md" if isinstance(error, Refused) else wire
        return None, [Finding(subject=host.name, point="answers over WinRM", ok=False, found=str(error), repair=repair)]
    return facts, list(host_findings(host.name, facts))


def host_findings(name: str, facts: HostFacts) -> Iterator[Finding]:
    """Every line of one host, from what it reported."""
    found = f"{facts.os_caption}, PowerShell {facts.powershell_version}"
    yield Finding(subject=name, point="answers over WinRM", ok=True, found=found, repair="")
    yield from _findings(name, needs.OF_HOST, facts)


def _findings(subject: str, lines: Sequence[HostNeed[Facts]], facts: Facts) -> Iterator[Finding]:
    for need in lines:
        if need.met(facts):
            yield Finding(subject=subject, point=need.point, ok=True, found=need.found(facts), repair="")
        else:
            problem, repair = need.problem(subject, facts), need.repair(facts)
            yield Finding(subject=subject, point=need.point, ok=False, found=problem, repair=repair)


def check_pair(source: Host, target: Host, *, source_facts: HostFacts, target_facts: HostFacts) -> list[Finding]:
    """The way of the files from source to target, really gone once."""
    pair = f"{source.name} -> {target.name}"
    account = target_facts.computer_account
    if account is None:
        return []  # the host's own point says so already
    try:
        sid = source.ask(operations.resolve_account, m.AccountArguments(account=account)).sid
        smb_name = source.settings.smb_name or source_facts.fqdn
        reachable = _smb(target, smb_name)
        copied = _copy_one_file(source, target, account=account, smb_name=smb_name) if sid and reachable else None
    except QsmError as error:
        repair = "repair what the text names; 'qsm hosts clean' removes what is left over"
        return [Finding(subject=pair, point="copy of one file", ok=False, found=str(error), repair=repair)]
    asked = PairFacts(
        source=source.name, target=target.name, account=account, sid=sid, smb_name=smb_name, smb_reachable=reachable
    )
    findings = list(_findings(pair, needs.OF_PAIR, asked))
    if copied is not None:
        found = f"{PROBE_BYTES} bytes in {copied:.1f} s by the SYSTEM task"
        findings.append(Finding(subject=pair, point="copy of one file", ok=True, found=found, repair=""))
    return findings


def _smb(target: Host, smb_name: str) -> bool:
    question = m.TestTargetArguments(
        vm_id=NO_VM, folder="C:\\ProgramData", source_address=smb_name, files=(), switch_names=(), mac_addresses=(),
        compatibility=None,
    )  # fmt: skip
    return target.ask(operations.test_target, question).smb_reachable


def _copy_one_file(source_host: Host, target_host: Host, *, account: str, smb_name: str) -> float:
    """Seconds that the copy took. Everything made for it is removed, whatever happens."""
    migration_id = new_migration_id()
    source, target = (Side(host, migration_id, new=True) for host in (source_host, target_host))
    _claim(source, Role.SOURCE, peer=target.name)
    try:
        _claim(target, Role.TARGET, peer=source.name)
        probe = source.change(operations.create_probe_file, m.ProbeFileArguments(size_bytes=PROBE_BYTES))
        folder, name = ntpath.split(probe.path)
        share = source.change(
            operations.open_share, m.OpenShareArguments(number=0, folder=folder, files=(probe.path,), account=account)
        ).share
        destination = ntpath.join(ntpath.dirname(folder), "probe copy", name)
        file = m.CopyFile(
            source=f"\\\\{smb_name}\\{share.name}\\{name}", destination=destination,
            length_bytes=probe.length_bytes, last_write_ticks=probe.last_write_ticks,
        )  # fmt: skip
        began = time.monotonic()
        target.change(operations.start_copy, m.StartCopyArguments(number=1, files=(file,), reserve_bytes=0))
        _wait(target)
        return time.monotonic() - began
    finally:
        _remove(source, target)


def _claim(side: Side, role: Role, *, peer: str) -> None:
    side.change(
        operations.create_record,
        m.CreateRecordArguments(
            role=role, vm_id=NO_VM, vm_name="(check of hosts)", peer=peer,
            by="qsm check hosts", plan=None,
        ),
    )  # fmt: skip


def _wait(target: Side) -> None:
    def is_over(state: m.GetCopyResult) -> bool:
        if state.state is not WorkState.DONE and state.error is not None:
            raise HostFailed(target.name, "start_copy", state.error)
        return state.state is WorkState.DONE

    def too_late(state: m.GetCopyResult) -> str:
        states = ", ".join(file.job_state for file in state.files) or "no job"
        return f"One small file was not copied to host {target.name} within {COPY_SECONDS} s (BITS: {states})."

    wait_for(
        lambda: target.ask(operations.get_copy, m.WorkArguments(number=1), wait_seconds=POLL_SECONDS),
        is_over=is_over,
        limit_seconds=COPY_SECONDS,
        pause_seconds=0,
        check_stop=None,
        too_late=too_late,
    )


def _remove(source: Side, target: Side) -> None:
    for side in _with_record((target, source)):
        if side is target:
            side.change(operations.stop_work, m.Nothing())
            side.refresh()
            files = side.copied_files()
            folders = tuple(dict.fromkeys(ntpath.dirname(path) for path in files))
            side.change(operations.remove_files, m.RemoveFilesArguments(files=files, folders=folders))
        else:
            side.change(operations.close_shares, m.Nothing())
        side.close(End.HOME, "a check of hosts, ended")


def _with_record(sides: Iterable[Side]) -> list[Side]:
    return [side for side in sides if side.record is not None]
