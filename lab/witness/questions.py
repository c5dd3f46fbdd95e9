"""What can be asked of the witness.

Each question is a method of the same name in `lab.witness.client.WitnessClient`; the answers are plain JSON, or the
tables of all disks. A question about a VM that never registered is an error and not "nothing happened".
"""

import math
from typing import Any

import numpy as np

from lab.guest.guest import BlockTable
from lab.witness.ledger import Ledger, Life, WitnessedVM


class UnknownMachineError(Exception):
    """No guest of this VM ever registered, or not as the question supposes."""


def machine_of(ledger: Ledger, vm_id: str) -> WitnessedVM:
    """Return what is known of a VM. Raises UnknownMachineError where no guest of it registered."""
    machine = ledger.machines.get(vm_id)
    if machine is None or not machine.lives:
        raise UnknownMachineError(f"No guest of VM {vm_id} ever registered with the witness.")
    return machine


def virtual_machines(ledger: Ledger) -> list[str]:
    """Return the ids of all VMs that registered."""
    return [vm_id for vm_id, machine in ledger.machines.items() if machine.lives]


def acknowledged(ledger: Ledger, vm_id: str, *, since: float, until: float | None) -> dict[str, int]:
    """Return per slot how many writes were acknowledged after `since` and not after `until`, over all lives."""
    machine = machine_of(ledger, vm_id)
    counts = dict.fromkeys(machine.tables, 0)
    for life in machine.lives:
        indexes = np.array(life.slot_indexes[life.between(since, math.inf if until is None else until)])
        for slot, count in zip(life.slots, np.bincount(indexes, minlength=len(life.slots)), strict=True):
            counts[slot] = counts.get(slot, 0) + int(count)
    return counts


def last_acknowledged_at(ledger: Ledger, vm_id: str, *, before: float | None) -> float | None:
    """Return when the last write before a moment (or up to now) was acknowledged, None where there was none."""
    lives = machine_of(ledger, vm_id).lives
    moments = [life.times[: life.between(-math.inf, math.inf if before is None else before).stop] for life in lives]
    return max((times[-1] for times in moments if times), default=None)


def lifetimes(ledger: Ledger, vm_id: str) -> list[dict[str, Any]]:
    """Return all lives of a VM in the order in which they registered."""
    return [describe(life) for life in machine_of(ledger, vm_id).lives]


def describe(life: Life) -> dict[str, Any]:
    """Return a life as `lab.witness.client.Lifetime` reads it."""
    return {
        "incarnation": life.incarnation,
        "host_name": life.host_name,
        "restored": life.restored,
        "parent_incarnation": life.parent_incarnation,
        "saved_state_id": life.saved_state_id,
        "registered_at": life.registered_at,
        "first_write_at": life.times[0] if life.times else None,
        "last_write_at": life.times[-1] if life.times else None,
        "acknowledged_writes": len(life.times),
        "continues_from": life.continues_from,
        "last_sequence": life.last_sequence,
        "ended_at": life.ended_at,
        "ended_how": life.ended_how,
        "saved_as": life.saved_as,
    }


def findings(ledger: Ledger, vm_id: str | None) -> list[dict[str, str]]:
    """Return everything wrong with one VM or with all."""
    vm_ids = [vm_id] if vm_id is not None else list(ledger.machines)
    return [
        {"kind": finding.kind.value, "vm_id": finding.vm_id, "text": finding.text}
        for each in vm_ids
        for finding in ledger.findings(each)
    ]


def offline_window(ledger: Ledger, vm_id: str) -> dict[str, Any]:
    """Return the last time in which the guest did not answer: from its last acknowledged write to its next life.

    Raises UnknownMachineError where the VM has had only one life.
    """
    lives = machine_of(ledger, vm_id).lives
    if len(lives) < 2:
        raise UnknownMachineError(f"VM {vm_id} was never away: it registered only once.")
    before, after = lives[-2], lives[-1]
    last_write_at = last_acknowledged_at(ledger, vm_id, before=after.registered_at)
    away_since = last_write_at if last_write_at is not None else before.ended_at
    return {
        "last_write_at": last_write_at,
        "ended_at": before.ended_at,
        "running_again_at": after.registered_at,
        "first_write_at": after.times[0] if after.times else None,
        "seconds": after.registered_at - away_since if away_since is not None else None,
        "restored": after.restored,
        "from_host": before.host_name,
        "to_host": after.host_name,
    }


def tables(ledger: Ledger, vm_id: str) -> tuple[dict[str, Any], dict[str, BlockTable]]:
    """Return what each block of each disk must hold by all acknowledged writes."""
    machine = machine_of(ledger, vm_id)
    last = machine.lives[-1]
    facts = {"vm_id": vm_id, "incarnation": last.incarnation, "last_sequence": last.last_sequence}
    return facts, machine.tables


def memory(ledger: Ledger, vm_id: str) -> tuple[dict[str, Any], dict[str, BlockTable]]:
    """Return the table that the last restored guest found in its memory.

    Raises UnknownMachineError where the last life did not come from a saved state.
    """
    machine = machine_of(ledger, vm_id)
    last = machine.lives[-1]
    if machine.memory is None or not last.restored:
        raise UnknownMachineError(f"The last life of VM {vm_id} did not come from a saved state.")
    return {
        "vm_id": vm_id,
        "incarnation": last.parent_incarnation,
        "last_sequence": last.continues_from,
    }, machine.memory
