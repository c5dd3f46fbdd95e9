r"""Records and locks: `migrations\<id>\record.json` and `locks\<vm id>.json`.

The record says who may run the VM, and is believed by whoever comes after a crash. It is written by the dispatcher
alone, in one write per operation; what stands here makes it, reads it and ends it.
"""

from __future__ import annotations

import re

from lab.engines.python.operations import held_probe
from lab.engines.python.operations.calls import OperationCall, record_missing
from lab.engines.python.operations.clock import now_utc
from lab.engines.python.operations.errors import OperationError, refused
from lab.engines.python.operations.export_folder import named_folder
from lab.engines.python.operations.host import ModuleHost
from lab.engines.python.operations.journal import Journal
from lab.engines.python.operations.state_folder import remove_tree
from lab.host.sentences import because, say
from lab.platform.errors import PlatformError
from qsm.facts.machines import LockFacts
from qsm.facts.names import same_name
from qsm.hosts import messages as m
from qsm.plan.record import Direction, Owner, Record, Role

CLEAN_WAIT_SECONDS = 1.0
MIGRATIONS = "migrations"
LOCKS = "locks"
MODULES = "modules"
GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")


def read(host: ModuleHost, migration_id: str) -> Record | None:
    """Return a migration's record, or None. Raises ValueError for one that cannot be read."""
    content = host.folder.read_json(f"{MIGRATIONS}\\{migration_id}\\record.json")
    return None if content is None else Record.model_validate(content)


def require(host: ModuleHost, migration_id: str) -> Record:
    """Return a migration's record. Raises RecordMissing."""
    record = read(host, migration_id)
    if record is None:
        raise record_missing(migration_id, host=host.name)
    return record


def write(host: ModuleHost, record: Record) -> None:
    """Replace a migration's record."""
    host.folder.replace_json(f"{MIGRATIONS}\\{record.migration_id}\\record.json", record.model_dump(mode="json"))


def normal_id(vm_id: str) -> str:
    """Return a VM's id in lower case without braces."""
    return vm_id.strip("{}").lower()


def read_lock(host: ModuleHost, vm_id: str) -> LockFacts | None:
    """Return the lock on a VM, or None."""
    content = host.folder.read_json(f"{LOCKS}\\{normal_id(vm_id)}.json")
    return None if content is None else LockFacts.model_validate(content)


def read_locks(host: ModuleHost) -> tuple[LockFacts, ...]:
    """Return all locks on this host."""
    found = (read_lock(host, name.removesuffix(".json")) for name in host.folder.names(LOCKS))
    return tuple(lock for lock in found if lock is not None)


def normal_guid(vm_id: str) -> str | None:
    """Return the id of a VM in lower case without braces; None for a text that is no such id."""
    return normal_id(vm_id) if GUID.fullmatch(vm_id) else None


def holds_lock(host: ModuleHost, record: Record) -> bool:
    """Whether the VM is this migration's to act on: it has not ended, and the VM's lock here is its own.

    A lock that is simply gone (somebody removed it) was ours if we ever took it: nobody else could have it meanwhile.
    """
    if record.end in ("home", "forward"):
        return False
    lock = read_lock(host, record.vm_id)
    if lock is not None:
        return lock.migration_id == record.migration_id
    return Journal(host.folder, record.migration_id, host=host.name).is_done("take_lock")


def owner_error(call: OperationCall, record: Record, error_id: str, name: str, /, **values: object) -> OperationError:
    """Make the refusal of an act that the owner or the epoch in the record does not allow: NotOwner, EpochStale."""
    told = say(
        "owner_error",
        call.host.name,
        what=say(name, call.host.name, **values),
        role=record.role,
        migration=record.migration_id,
        vm=record.vm_name,
        owner=record.owner,
        epoch=record.epoch,
        direction=record.direction,
    )
    return refused(error_id, told, subject=record.vm_id, owner=record.owner, epoch=record.epoch)


def require_owner_none(call: OperationCall, *, act: str) -> Record:
    """Return the target's record. Raises NotOwner once the VM may be its own: its files are not touched then."""
    record = call.known_record()
    if record.owner != "none":
        raise refused(
            "NotOwner",
            say("target_may_own", call.host.name, act=act, vm=record.vm_name, owner=record.owner),
            subject=record.vm_id,
            owner=record.owner,
            epoch=record.epoch,
        )
    return record


# --- operations


def create_record(call: OperationCall, arguments: m.CreateRecordArguments) -> None:
    """Make the migration's folder and record."""
    existing = read(call.host, call.migration_id)
    if existing is not None:
        _require_same(call, existing, arguments)
        return
    record = Record(
        schema_version=1,
        migration_id=call.migration_id,
        vm_id=normal_id(arguments.vm_id),
        vm_name=arguments.vm_name,
        role=arguments.role,
        peer=arguments.peer,
        by=arguments.by,
        created_utc=now_utc(),
        revision=1,
        epoch=0,
        owner=Owner.SOURCE if arguments.role is Role.SOURCE else Owner.NONE,
        direction=Direction.FORWARD,
        step="create_record",
        end="",
        end_text="",
        plan=arguments.plan,
    )
    name = f"{call.migration_folder}\\record.json"
    if not call.host.folder.create_json(name, record.model_dump(mode="json")):
        _require_same(call, require(call.host, call.migration_id), arguments)


def _require_same(call: OperationCall, existing: Record, arguments: m.CreateRecordArguments) -> None:
    asked = arguments.model_dump(mode="json") | {"vm_id": normal_id(arguments.vm_id)}
    if existing.model_dump(mode="json", include=set(asked)) == asked:
        return
    raise refused(
        "RecordExists",
        say(
            "record_exists",
            call.host.name,
            migration=call.migration_id,
            vm=existing.vm_name,
            created_utc=existing.created_utc,
            by=existing.by,
        ),
        subject=call.migration_id,
    )


def take_lock(call: OperationCall, arguments: m.LockArguments) -> m.LockResult:
    """Lock a VM for this migration on this host."""
    vm_id = normal_id(arguments.vm_id)
    lock = LockFacts(
        migration_id=call.migration_id,
        vm_id=vm_id,
        vm_name=arguments.vm_name,
        by=arguments.by,
        since_utc=now_utc(),
    )
    call.host.folder.make_folder(LOCKS)
    if call.host.folder.create_json(f"{LOCKS}\\{vm_id}.json", lock.model_dump(mode="json")):
        return m.LockResult(lock=lock)
    held = read_lock(call.host, vm_id)
    if held is None:
        raise refused(
            "Busy",
            say("lock_just_released", call.host.name, vm=arguments.vm_name),
            subject=vm_id,
            retryable=True,
        )
    if held.migration_id == call.migration_id:
        return m.LockResult(lock=held)
    raise refused(
        "AlreadyMigrating",
        say(
            "already_migrating",
            call.host.name,
            vm=arguments.vm_name,
            migration=held.migration_id,
            by=held.by,
            since_utc=held.since_utc,
        ),
        subject=vm_id,
        **held.model_dump(mode="json"),
    )


def turn_back(call: OperationCall, arguments: m.Nothing) -> None:
    """Let no forward operation pass any more."""
    record = call.known_record()
    expected = "source" if record.role == "source" else "none"
    if record.owner != expected:
        raise owner_error(call, record, "NotOwner", "turn_back_not_owner")
    call.change_record(direction=Direction.BACK, raise_revision=True)


def close_migration(call: OperationCall, arguments: m.CloseMigrationArguments) -> None:
    """End a migration on this host: what only its course needed goes first, the lock last."""
    record = call.known_record()
    ended = {"home": ("source", "none"), "forward": ("handed over", "target")}.get(arguments.end)
    if ended is not None and record.owner not in ended:
        raise owner_error(call, record, "NotOwner", "cannot_end", end=arguments.end)
    if ended is not None:
        held_probe.let_go(call)
        for folder in ("copies", "merges", "probe"):
            call.host.folder.remove_tree(f"{call.migration_folder}\\{folder}")
        call.host.folder.remove_file(f"{call.migration_folder}\\checkpoint.json")
        if (exported := named_folder(call)) is not None:
            remove_tree(call.host.platform.files, exported)
        call.last_acts.append(lambda: _release(call, record))
    call.change_record(end=arguments.end, end_text=_end_text(record, arguments.text))


def _release(call: OperationCall, record: Record) -> None:
    lock = read_lock(call.host, record.vm_id)
    if lock is not None and lock.migration_id == call.migration_id:
        call.host.folder.remove_file(f"{LOCKS}\\{record.vm_id}.json")


def _end_text(record: Record, text: str) -> str:
    """What an override left in the record stays in it; what is there already is not said twice."""
    if not record.end_text or record.end_text == text:
        return text
    return record.end_text if record.end_text.endswith(f"\n{text}") else f"{record.end_text}\n{text}"


def find_migrations(call: OperationCall, arguments: m.FindMigrationArguments) -> m.FindMigrationResult:
    """Tell all migrations that match, with their journals, and the locks that no record explains."""
    found = []
    known = set()
    for migration_id in call.host.folder.names(MIGRATIONS):
        record = read(call.host, migration_id)
        if record is None:
            continue
        known.add(migration_id)
        if not _matches(arguments, migration_id, vm_id=record.vm_id, vm_name=record.vm_name):
            continue
        lock = read_lock(call.host, record.vm_id)
        found.append(
            m.MigrationFacts(
                record=record,
                outcomes=Journal(call.host.folder, migration_id, host=call.host.name).outcomes(),
                locked=lock is not None and lock.migration_id == migration_id,
            )
        )
    locks = tuple(
        lock
        for lock in read_locks(call.host)
        if lock.migration_id not in known
        and _matches(arguments, lock.migration_id, vm_id=lock.vm_id, vm_name=lock.vm_name)
    )
    return m.FindMigrationResult(migrations=tuple(found), locks=locks)


def _matches(arguments: m.FindMigrationArguments, migration_id: str, *, vm_id: str, vm_name: str) -> bool:
    if arguments.migration_id and arguments.migration_id != migration_id:
        return False
    return not arguments.vm or normal_id(arguments.vm) == normal_id(vm_id) or same_name(arguments.vm, vm_name)


def clean_host(call: OperationCall, arguments: m.Nothing) -> m.CleanHostResult:
    """Remove what no migration needs any more. A migration that is worked on, or cannot be read, stays."""
    removed, kept = [], []
    name_of_host = call.host.name
    for migration_id in call.host.folder.names(MIGRATIONS):
        name = f"{MIGRATIONS}\\{migration_id}"
        try:
            with call.host.locks.held(migration_id, wait_seconds=CLEAN_WAIT_SECONDS):
                why = _why_kept(call.host, migration_id)
                if why is None:
                    call.host.folder.remove_tree(name)
        except (OperationError, PlatformError, ValueError) as error:
            why = because(error)
        if why is None:
            removed.append(call.host.folder.path(name))
        else:
            path = call.host.folder.path(name)
            kept.append(say("kept_migration", name_of_host, path=path, migration=migration_id, why=why))
    for module in call.host.folder.names(MODULES):
        name = f"{MODULES}\\{module}"
        if module == call.module:
            why = say("kept_running", name_of_host)
            kept.append(say("kept", name_of_host, path=call.host.folder.path(name), why=why))
        else:
            call.host.folder.remove_tree(name)
            removed.append(call.host.folder.path(name))
    return m.CleanHostResult(removed=tuple(removed), kept=tuple(kept))


def _why_kept(host: ModuleHost, migration_id: str) -> str | None:
    record = read(host, migration_id)
    if record is None:
        return say("kept_no_record", host.name)
    if record.end not in ("home", "forward"):
        return say("kept_not_ended", host.name, step=record.end or record.step)
    lock = read_lock(host, record.vm_id)
    locks = lock is not None and lock.migration_id == migration_id
    return say("kept_locks", host.name, vm=record.vm_name) if locks else None
