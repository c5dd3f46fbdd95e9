"""The witness hears every write, survives all who talk to it and its own end, and sees what no disk can show."""

import itertools
import os
import signal
import socket
import time
import uuid
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from guest_helpers import VM_ID, PlainDisk
from waiting import wait_until

from lab.guest.guest import Guest, GuestMemory, boot
from lab.judges.verify_guest import verify_disks
from lab.witness.client import WitnessClient
from lab.witness.connection import WitnessError
from lab.witness.guest_link import GuestLink
from lab.witness.ledger import WitnessFindingKind
from lab.witness.process import WitnessProcess
from lab.witness.wire import encode, encode_json

Disks = dict[str, PlainDisk]
_numbers = itertools.count(7001)


class WitnessedGuest:
    """A guest and its line to the witness, without a VM's process around it."""

    def __init__(self, witness: WitnessProcess, memory: GuestMemory, disks: Disks, **facts: Any) -> None:
        parent = memory.incarnation
        memory.incarnation = next(_numbers)
        self.guest = Guest(memory, disks)
        self.gate_opened = False
        self.link = GuestLink(
            witness.address, on_gate_open=lambda: setattr(self, "gate_opened", True), on_loss=lambda: None
        )
        saved_state_id = facts.get("saved_state_id")
        self.may_write = self.link.register(
            {
                "vm_id": memory.vm_id,
                "host_name": "host-1",
                "incarnation": memory.incarnation,
                "restored": saved_state_id is not None,
                "parent_incarnation": parent if saved_state_id is not None else None,
                "saved_state_id": None,
                "continues_from": memory.sequence,
                "slots": list(memory.tables),
                **facts,
            },
            memory.tables,
        )

    def write(self, count: int) -> None:
        for _ in range(count):
            self.link.acknowledge(self.guest.write_once())

    def save(self) -> str:
        saved_state_id = str(uuid.uuid4())
        self.link.say_goodbye("saved", saved_as=saved_state_id)
        self.link.close()
        return saved_state_id


def heard(client: WitnessClient, count: int) -> None:
    """Wait until so many writes have been heard in all."""
    wait_until(lambda: sum(client.acknowledged(VM_ID).values()) == count, what=f"{count} acknowledged writes")


def kinds(client: WitnessClient) -> set[WitnessFindingKind]:
    """What was found wrong."""
    return {finding.kind for finding in client.findings(VM_ID)}


def test_it_hears_every_write_of_every_disk(witness: WitnessProcess, memory: GuestMemory, disks: Disks) -> None:
    client = witness.client
    before = client.now()
    machine = WitnessedGuest(witness, memory, disks)
    machine.write(501)
    heard(client, 501)
    middle = client.now()
    machine.write(100)
    heard(client, 601)
    assert client.acknowledged(VM_ID, since=before, until=middle) == {"SCSI 0:0": 251, "SCSI 0:1": 250}
    assert client.acknowledged(VM_ID, since=middle) == {"SCSI 0:0": 50, "SCSI 0:1": 50}
    assert client.acknowledged(VM_ID, until=before) == {"SCSI 0:0": 0, "SCSI 0:1": 0}
    last = client.last_acknowledged_at(VM_ID, before=middle)
    assert last is not None
    assert before < last < middle < client.now()
    assert client.last_acknowledged_at(VM_ID, before=before) is None
    table = client.acknowledged_table(VM_ID)
    assert (table.vm_id, table.incarnation, table.last_sequence) == (VM_ID, memory.incarnation, 601)
    for slot in disks:
        assert np.array_equal(table.tables[slot].sequences, memory.tables[slot].sequences)
        assert np.array_equal(table.tables[slot].digests, memory.tables[slot].digests)
    assert client.findings() == []
    assert client.virtual_machines() == [VM_ID]


def test_a_saved_and_restored_guest_is_in_order(witness: WitnessProcess, memory: GuestMemory, disks: Disks) -> None:
    client = witness.client
    first = WitnessedGuest(witness, memory, disks)
    first.write(20)
    state = first.save()
    second = WitnessedGuest(witness, deepcopy(memory), disks, saved_state_id=state, host_name="host-2")
    restored = client.restored_memory(VM_ID)
    second.write(5)
    heard(client, 25)
    one, two = client.lifetimes(VM_ID)
    assert (one.ended_how, one.saved_as, one.acknowledged_writes, one.host_name) == ("saved", state, 20, "host-1")
    assert (two.parent_incarnation, two.saved_state_id, two.restored) == (one.incarnation, state, True)
    assert (two.continues_from, two.last_sequence, two.ended_at) == (20, 25, None)
    window = client.offline_window(VM_ID)
    assert window.seconds == pytest.approx(two.registered_at - one.last_write_at) and window.seconds > 0  # type: ignore[operator]
    assert (window.from_host, window.to_host, window.restored) == ("host-1", "host-2", True)
    assert window.first_write_at is not None and window.first_write_at >= window.running_again_at
    assert restored.last_sequence == 20
    assert np.array_equal(restored.tables["SCSI 0:0"].digests, memory.tables["SCSI 0:0"].digests)
    assert client.findings() == []


def test_two_copies_from_one_saved_state(witness: WitnessProcess, memory: GuestMemory, disks: Disks) -> None:
    """The fault that no disk shows: each copy is perfect by its own memory and its own disks."""
    client = witness.client
    original = WitnessedGuest(witness, memory, disks)
    original.write(30)
    state = original.save()
    copies: Disks = {}
    for slot, disk in disks.items():
        copy = disk.path.with_suffix(".copy")
        copy.write_bytes(disk.path.read_bytes())
        copies[slot] = PlainDisk(copy)
    here = WitnessedGuest(witness, deepcopy(memory), disks, saved_state_id=state)
    assert client.findings() == []
    there = WitnessedGuest(witness, deepcopy(memory), copies, saved_state_id=state, host_name="host-2")
    here.write(50)
    there.write(50)
    heard(client, 130)
    found = {finding.kind: finding.text for finding in client.findings(VM_ID)}
    assert "writes 31 to 80 were acknowledged by" in found[WitnessFindingKind.SAME_SEQUENCE]
    assert "acknowledged 50 writes after that" in found[WitnessFindingKind.OVERLAP]
    assert "continued the same saved state before" in found[WitnessFindingKind.SAVED_STATE_TWICE]


def test_two_copies_one_after_the_other(witness: WitnessProcess, memory: GuestMemory, disks: Disks) -> None:
    """No overlap in time: the target ran and was saved, then the source was started from its old state."""
    first = WitnessedGuest(witness, memory, disks)
    first.write(10)
    state = first.save()
    second_memory = deepcopy(memory)
    second = WitnessedGuest(witness, second_memory, disks, saved_state_id=state, host_name="host-2")
    second.write(10)
    second.save()
    third = WitnessedGuest(witness, deepcopy(memory), disks, saved_state_id=state)
    third.write(1)
    heard(witness.client, 21)
    assert kinds(witness.client) == {
        WitnessFindingKind.SAVED_STATE_TWICE,
        WitnessFindingKind.OTHER_MEMORY,
        WitnessFindingKind.OTHER_CONTENTS,
        WitnessFindingKind.SAME_SEQUENCE,
    }


def test_a_second_life_while_the_first_is_there(witness: WitnessProcess, memory: GuestMemory, disks: Disks) -> None:
    first = WitnessedGuest(witness, memory, disks)
    first.write(3)
    heard(witness.client, 3)
    WitnessedGuest(witness, deepcopy(memory), disks, host_name="host-2")
    assert kinds(witness.client) == {WitnessFindingKind.OVERLAP}
    time.sleep(0.3)  # longer than a connection that was cut off may take to say so
    first.link.close()
    wait_until(lambda: witness.client.lifetimes(VM_ID)[0].ended_how == "lost", what="the end of the first life")
    assert kinds(witness.client) == {WitnessFindingKind.OVERLAP}


def test_a_life_that_was_cut_off_just_before_is_no_overlap(
    witness: WitnessProcess, memory: GuestMemory, disks: Disks
) -> None:
    for count in range(1, 11):
        machine = WitnessedGuest(witness, memory, disks)
        machine.write(1)
        machine.link.close()
        assert len(witness.client.lifetimes(VM_ID)) == count
    wait_until(lambda: witness.client.lifetimes(VM_ID)[-1].ended_how == "lost", what="the last end")
    assert witness.client.findings() == []


def test_memory_of_an_older_moment(witness: WitnessProcess, memory: GuestMemory, disks: Disks) -> None:
    machine = WitnessedGuest(witness, memory, disks)
    machine.write(10)
    older = deepcopy(memory)
    machine.write(4)
    state = machine.save()
    WitnessedGuest(witness, older, disks, saved_state_id=state)
    wait_until(lambda: len(witness.client.findings()) >= 2, what="findings")
    texts = "".join(finding.text for finding in witness.client.findings())
    assert kinds(witness.client) == {WitnessFindingKind.OTHER_MEMORY, WitnessFindingKind.OTHER_CONTENTS}
    assert "continues after write 10, but write 14 was acknowledged last" in texts


def test_after_a_power_cut_one_write_may_be_there_but_none_may_be_lost(
    witness: WitnessProcess, memory: GuestMemory, disks: Disks
) -> None:
    machine = WitnessedGuest(witness, memory, disks)
    machine.write(40)
    older = {slot: disk.path.read_bytes() for slot, disk in disks.items()}
    machine.guest.write_once()  # done by the disk, never acknowledged
    machine.link.close()
    second = WitnessedGuest(witness, memory, disks)
    second.write(10)
    second.link.close()
    heard(witness.client, 50)
    assert witness.client.findings() == []
    for slot, disk in disks.items():
        disk.path.write_bytes(older[slot])
    WitnessedGuest(witness, boot(VM_ID, disks, workload=memory.workload), disks)
    wait_until(lambda: bool(witness.client.findings()), what="findings")
    assert WitnessFindingKind.OTHER_CONTENTS in kinds(witness.client)
    assert not verify_disks(disks, witness.client.acknowledged_table(VM_ID)).clean


def test_left_out_sequence_numbers(witness: WitnessProcess, memory: GuestMemory, disks: Disks) -> None:
    machine = WitnessedGuest(witness, memory, disks)
    machine.write(2)
    machine.guest.write_once()
    machine.write(2)
    heard(witness.client, 4)
    assert kinds(witness.client) == {WitnessFindingKind.SKIPPED}
    assert "write 4 does not follow" in witness.client.findings()[0].text


def test_the_gate_holds_a_guest_until_it_opens(witness: WitnessProcess, memory: GuestMemory, disks: Disks) -> None:
    witness.client.close_gate(VM_ID)
    machine = WitnessedGuest(witness, memory, disks)
    assert not machine.may_write
    assert not machine.gate_opened
    witness.client.open_gate(VM_ID)
    wait_until(lambda: machine.gate_opened, what="the open gate")
    machine.save()
    assert WitnessedGuest(witness, memory, disks).may_write


def test_it_survives_its_own_end(tmp_path: Path, memory: GuestMemory, disks: Disks) -> None:
    witness = WitnessProcess.start(tmp_path / "journal")
    machine = WitnessedGuest(witness, memory, disks)
    machine.write(100)
    heard(witness.client, 100)
    witness.client.close_gate(VM_ID)
    table, lives = witness.client.acknowledged_table(VM_ID), witness.client.lifetimes(VM_ID)
    os.kill(witness.pid, signal.SIGKILL)
    witness.stop()
    with pytest.raises(WitnessError, match="cannot be reached"):
        witness.client.now()
    with (tmp_path / "journal" / "witness.journal").open("ab") as journal:
        journal.write(b"\x00\x01 half a record")
    again = WitnessProcess.start(tmp_path / "journal")
    try:
        client = again.client
        assert sum(client.acknowledged(VM_ID).values()) == 100
        found = client.lifetimes(VM_ID)
        assert [(life.incarnation, life.last_write_at) for life in found] == [
            (life.incarnation, life.last_write_at) for life in lives
        ]
        assert found[0].ended_how == "lost"
        for slot in disks:
            assert np.array_equal(client.acknowledged_table(VM_ID).tables[slot].digests, table.tables[slot].digests)
        assert not WitnessedGuest(again, memory, disks).may_write
        assert client.findings() == []
    finally:
        again.stop()
    third = WitnessProcess.start(tmp_path / "journal")
    try:
        assert len(third.client.lifetimes(VM_ID)) == 2
    finally:
        third.stop()


def test_it_survives_guests_that_die_and_those_that_talk_nonsense(
    witness: WitnessProcess, memory: GuestMemory, disks: Disks
) -> None:
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", encode(b"A", bytes(24)), encode_json({"end": {}}), encode(b"T", b"")):
        with socket.create_connection(witness.address) as stranger:
            stranger.sendall(nonsense)
            assert stranger.recv(100) == b""
    with pytest.raises(WitnessError, match="No guest of VM nobody ever registered"):
        witness.client.acknowledged("nobody")
    WitnessedGuest(witness, memory, disks).write(1)
    heard(witness.client, 1)
    with pytest.raises(WitnessError, match="registered only once"):
        witness.client.offline_window(VM_ID)
    with pytest.raises(WitnessError, match="did not come from a saved state"):
        witness.client.restored_memory(VM_ID)


def test_thousands_of_writes_a_second_cost_it_little(
    witness: WitnessProcess, memory: GuestMemory, disks: Disks
) -> None:
    machine = WitnessedGuest(witness, memory, disks)
    writes = [machine.guest.write_once() for _ in range(10_000)]
    started = time.process_time()
    for write in writes:
        machine.link.acknowledge(write)
    seconds = time.process_time() - started
    heard(witness.client, 10_000)
    with Path(f"/proc/{witness.pid}/stat").open() as file:
        fields = file.read().rsplit(")", 1)[1].split()
    processor_seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    assert 10_000 / seconds > 5_000
    assert processor_seconds < 2
