"""What the hosts say now: find a migration by its records, and look at both sides afresh. Asks, never changes."""

from __future__ import annotations

from collections.abc import Mapping

from qsm.errors import Refused, Unreachable
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.hosts.host import Host
from qsm.migration import Migration, Side
from qsm.model import Plan
from qsm.settings import Settings


class NoSuchMigration(Refused):
    """No host that answers knows an unfinished migration of this VM."""


def refresh(side: Side) -> m.Record | None:
    """Record and journal of one side, fresh from its host; None when the host has none.

    Raises Unreachable and what else a question raises.
    """
    found = side.ask(operations.find_migrations, m.FindMigrationArguments(migration_id=side.migration_id))
    if not found.migrations:
        return None
    side.load(found.migrations[0])
    return side.record


def current_vm(side: Side, vm_id: str) -> m.VMFacts | None:
    """The realized VM with that id on this side's host, or None."""
    matches = side.ask(operations.get_vm, m.GetVMArguments(name_or_id=vm_id)).matches
    return next((vm for vm in matches if vm.vm_id == vm_id and not vm.planned), None)


def find_migration(
    vm_or_id: str, *, hosts: Mapping[str, Host], settings: Settings, requested_by: str | None = None
) -> Migration:
    """The one unfinished migration of a VM (name, VM id or migration id), from the records alone.

    `hosts` are those to ask; one that does not answer is passed over, since the other side's record names it. With
    `requested_by`, only a migration that this one asked for counts.
    Raises NoSuchMigration, and Refused when more than one fits.
    """
    plans: dict[str, Plan] = {}
    silent: list[str] = []
    for host in hosts.values():
        try:
            found = host.ask(operations.find_migrations, m.FindMigrationArguments())
        except Unreachable as error:
            silent.append(str(error))
            continue
        for facts in found.migrations:
            if facts.record.end in ("", "held") and _fits(facts.record, vm_or_id):
                plan = Plan.model_validate(facts.record.plan)
                if requested_by in (None, plan.requested_by):
                    plans[plan.migration_id] = plan
    if not plans:
        more = " " + " ".join(silent) if silent else ""
        raise NoSuchMigration(f"No host knows an unfinished migration of VM {vm_or_id}.{more}")
    if len(plans) > 1:
        raise Refused(
            f"{len(plans)} unfinished migrations fit {vm_or_id}; give one of the ids {', '.join(sorted(plans))}."
        )
    plan = next(iter(plans.values()))
    missing = [name for name in (plan.source, plan.target) if name not in hosts]
    if missing:
        raise Refused(
            f"Migration {plan.migration_id} needs host {', '.join(missing)}, which the inventory does not have."
        )
    return Migration(plan, hosts[plan.source], hosts[plan.target], settings=settings)


def _fits(record: m.Record, vm_or_id: str) -> bool:
    wanted = vm_or_id.strip("{}").casefold()
    return wanted in (record.vm_name.casefold(), record.vm_id.casefold(), record.migration_id.casefold())
