"""The verdict of the demonstration: what was measured, and whether each thing that must hold does.

A migration that ends well proves nothing: the target may lack a block that nobody reads today, or the guest may have
stood still all the time. So the demonstration passes only if everything below holds, each by a number that was
measured: the guest wrote to every disk before, during and after; every AVHDX carried something; every block of every
disk on the target is what the witness heard; the VM never had two lives at once; both hosts are clean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.judges.verify_guest import Verification
from lab.witness.client import Lifetime, WitnessedWindow
from lab.witness.ledger import WitnessFinding

SHOWN = 5
BLOCK_BYTES = 4096


@dataclass(frozen=True)
class ChangesFile:
    """One AVHDX of the source, when the VM stood still."""

    name: str
    length_bytes: int
    changed_bytes: int
    """Bytes of the guest's disk that this file itself holds: an empty AVHDX has a length, too."""


@dataclass(frozen=True)
class Comparison:
    """Every block of every disk on the target against the witness."""

    verification: Verification
    size_bytes: Mapping[str, int]
    """Of each disk as the guest sees it, by slot."""
    seconds: float
    writes_meanwhile: int
    """What the guest had written on the target when the comparison was over; must be none."""


@dataclass(frozen=True)
class Evidence:
    """What was seen, by slot of the disk or name of the host. Nothing here was computed from what should be."""

    slots: tuple[str, ...]
    source_name: str
    """As the witness knows the host."""
    target_name: str
    writes_during_base_copy: Mapping[str, int]
    writes_in_last_second: Mapping[str, int]
    writes_after_resume: Mapping[str, int]
    changes: Mapping[str, ChangesFile]
    comparison: Comparison | None
    """None: no restored guest was seen on the target."""
    lives: tuple[Lifetime, ...]
    witness_findings: tuple[WitnessFinding, ...]
    witness_window: WitnessedWindow | None
    left_over: Mapping[str, tuple[str, ...]]
    network: tuple[str, ...]
    """What is wrong with the adapters on the target."""
    adapters: int


@dataclass(frozen=True)
class VerdictLine:
    """One thing that must hold."""

    name: str
    holds: bool
    found: tuple[str, ...]


def judge(evidence: Evidence) -> tuple[VerdictLine, ...]:
    """Return every check; the demonstration passes if all hold."""
    return (
        _writes("acknowledged writes during the base copy", evidence.slots, evidence.writes_during_base_copy),
        _writes(
            "acknowledged writes in the last second before the save", evidence.slots, evidence.writes_in_last_second
        ),
        _writes("acknowledged writes after the resume", evidence.slots, evidence.writes_after_resume),
        _changes(evidence.slots, evidence.changes),
        _comparison(evidence.slots, evidence.comparison),
        _one_life(evidence),
        _network(evidence),
        *(_clean(host, differences) for host, differences in evidence.left_over.items()),
    )


def _writes(name: str, slots: Sequence[str], counts: Mapping[str, int]) -> VerdictLine:
    found = tuple(f"{slot}: {counts.get(slot, 0):,}" for slot in slots)
    return VerdictLine(name, bool(slots) and all(counts.get(slot, 0) > 0 for slot in slots), found)


def _changes(slots: Sequence[str], changes: Mapping[str, ChangesFile]) -> VerdictLine:
    found = tuple(
        f"{slot}: {changes[slot].changed_bytes:,} bytes in a file of {changes[slot].length_bytes:,} ({changes[slot].name})"
        if slot in changes
        else f"{slot}: no differencing disk was seen"
        for slot in slots
    )
    return VerdictLine(
        "bytes of each AVHDX", all(slot in changes and changes[slot].changed_bytes > 0 for slot in slots), found
    )


def _comparison(slots: Sequence[str], comparison: Comparison | None) -> VerdictLine:
    name = "every block of every disk on the target is what the witness heard, before the guest writes again"
    if comparison is None:
        return VerdictLine(name, False, ("no restored guest was seen on the target",))
    verification = comparison.verification
    wanted = {slot: comparison.size_bytes.get(slot, 0) // BLOCK_BYTES for slot in slots}
    compared = {slot: verification.blocks_compared.get(slot, 0) for slot in slots}
    found = [
        f"{slot}: {compared[slot]:,} of {wanted[slot]:,} blocks compared, {verification.blocks_written.get(slot, 0):,} of"
        " them written by the guest"
        for slot in slots
    ]
    found.append(f"{len(verification.findings)} differences, in {comparison.seconds:.1f} s")
    found += [finding.text for finding in verification.findings[:SHOWN]]
    if comparison.writes_meanwhile:
        found.append(f"the guest had made {comparison.writes_meanwhile} writes before the comparison was over")
    whole = compared == wanted and all(wanted.values())
    return VerdictLine(name, verification.clean and whole and not comparison.writes_meanwhile, tuple(found))


def _one_life(evidence: Evidence) -> VerdictLine:
    lives = evidence.lives
    found = [_life(life) for life in lives] + [finding.text for finding in evidence.witness_findings[:SHOWN]]
    handed_on = (
        len(lives) == 2
        and (lives[0].host_name, lives[1].host_name) == (evidence.source_name, evidence.target_name)
        and lives[0].ended_how == "saved"
        and lives[0].ended_at is not None
        and lives[0].ended_at <= lives[1].registered_at
        and lives[1].restored
        and lives[1].parent_incarnation == lives[0].incarnation
        and lives[1].ended_at is None
    )
    return VerdictLine("one incarnation at any time", handed_on and not evidence.witness_findings, tuple(found))


def _life(life: Lifetime) -> str:
    began = "restored from saved memory" if life.restored else "started from cold"
    ended = "runs" if life.ended_how is None else life.ended_how
    return f"{life.incarnation:016x} on {life.host_name}: {began}, {life.acknowledged_writes:,} writes, {ended}"


def _network(evidence: Evidence) -> VerdictLine:
    found = evidence.network or (f"{evidence.adapters} on switch and VLAN as planned",)
    return VerdictLine("network adapters on the target", evidence.adapters > 0 and not evidence.network, found)


def _clean(host: str, differences: Sequence[str]) -> VerdictLine:
    more = (f"and {len(differences) - SHOWN} more",) if len(differences) > SHOWN else ()
    found = (*differences[:SHOWN], *more) or ("as before, but for the module and the migration's record",)
    return VerdictLine(f"inventory of {host}", not differences, found)
