"""What the hosts say now: find a migration by its records, and look at both sides afresh. Asks, never changes."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from qsm.errors import QsmError, Refused
from qsm.facts.machines import VMFacts
from qsm.facts.names import one_of
from qsm.facts.states import may_pass
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.hosts.host import Host
from qsm.migration.migration import Migration
from qsm.migration.progress import Progress
from qsm.migration.side import Side
from qsm.migration.waiting import wait_for
from qsm.plan.plan import Plan
from qsm.plan.record import Record
from qsm.plan.stored import UnreadablePlan
from qsm.settings import Settings

PAUSE_SECONDS = 0.2


class NoSuchMigration(Refused):
    """No host that answers knows an unfinished migration of this VM."""


class PlanUnreadable(Refused):
    """An unfinished migration of this VM was begun by another version of the tool."""

    def __init__(self, host: str, record: Record, plan: UnreadablePlan) -> None:
        self.host, self.record, self.plan = host, record, plan
        super().__init__(
            f"Migration {record.migration_id} of VM {record.vm_name} is unfinished on host {host} and was begun by another"
            f" version of this tool: {plan}. Nothing was changed. Use the version that began it (by {record.by},"
            f" {record.created_utc}) to end it."
        )


def current_vm(side: Side, vm_id: str) -> VMFacts | None:
    """The realized VM with that id on this side's host, or None."""
    matches = side.ask(operations.get_vm, m.GetVMArguments(name_or_id=vm_id)).matches
    return next((vm for vm in matches if vm.vm_id == vm_id and not vm.planned), None)


def settled_vm(side: Side, vm_id: str, *, wait_seconds: float) -> VMFacts | None:
    """The VM once it is in no passing state, so that a save or start under way ends first; as it is after that time."""
    return wait_for(
        lambda: current_vm(side, vm_id),
        is_over=lambda vm: vm is None or not may_pass(vm.state),
        limit_seconds=wait_seconds,
        pause_seconds=PAUSE_SECONDS,
        check_stop=None,
        too_late=None,
    )


def find_migration(
    vm_or_id: str, *, hosts: Mapping[str, Host], settings: Settings, requested_by: str | None = None
) -> Migration:
    """The one unfinished migration of a VM (name, VM id or migration id), from the records alone.

    `hosts` are asked side by side; one that cannot be asked is passed over, since the other side's record names it. With
    `requested_by`, only a migration that this one asked for counts.
    Raises NoSuchMigration, PlanUnreadable where one that fits was begun by another version, and Refused when more than one
    fits.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(hosts))) as threads:
        answers = dict(zip(hosts, threads.map(_ask_for_migrations, hosts.values()), strict=True))
    silent = [str(answer) for answer in answers.values() if isinstance(answer, QsmError)]
    told = {host: answer for host, answer in answers.items() if not isinstance(answer, QsmError)}
    plans = unfinished_plans(told, vm_or_id, requested_by=requested_by)
    if not plans:
        more = " " + " ".join(silent) if silent else ""
        raise NoSuchMigration(f"No host knows an unfinished migration of VM {vm_or_id}.{more}")
    if len(plans) > 1:
        ids = ", ".join(sorted(plan.migration_id for plan in plans))
        raise Refused(
            f"{len(plans)} unfinished migrations fit {vm_or_id}. Nothing was changed. Give one of the ids {ids}."
        )
    plan = plans[0]
    missing = [name for name in (plan.source, plan.target) if name not in hosts]
    if missing:
        raise Refused(
            f"Migration {plan.migration_id} of VM {plan.vm_name} needs host {', '.join(missing)}, which the inventory does not"
            " name. Nothing was changed. Add the host to the settings and try again."
        )
    return Migration(plan, hosts[plan.source], hosts[plan.target], settings=settings, progress=Progress(), new=False)


def unfinished_plans(
    told: Mapping[str, m.FindMigrationResult], vm_or_id: str, *, requested_by: str | None
) -> tuple[Plan, ...]:
    """The plans of all unfinished migrations that fit, each once, from what the hosts reported.

    Raises PlanUnreadable for one that no host's record holds in a form that this version understands. With `requested_by` such
    a one cannot be meant: a run reads what it wrote itself.
    """
    plans: dict[str, Plan] = {}
    unreadable: dict[str, PlanUnreadable] = {}
    for host, record in ((host, facts.record) for host, answer in told.items() for facts in answer.migrations):
        if record.ended or not _fits(record, vm_or_id):
            continue
        if isinstance(record.plan, UnreadablePlan):
            unreadable[record.migration_id] = PlanUnreadable(host, record, record.plan)
        elif record.plan is not None and requested_by in (None, record.plan.requested_by):
            plans[record.migration_id] = record.plan
    if requested_by is None:
        for migration_id in unreadable.keys() - plans.keys():
            raise unreadable[migration_id]
    return tuple(plans.values())


def _ask_for_migrations(host: Host) -> m.FindMigrationResult | QsmError:
    try:
        return host.ask(operations.find_migrations, m.FindMigrationArguments())
    except QsmError as error:
        return error


def _fits(record: Record, vm_or_id: str) -> bool:
    return one_of(vm_or_id.strip("{}"), (record.vm_name, record.vm_id, record.migration_id))
