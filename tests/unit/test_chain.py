"""The chain of a disk: which file is the base, what is ours, where each copy goes, and what is no chain at all."""

from __future__ import annotations

import pytest

from qsm.facts.files import DiskFile, DiskPair, VMDisk
from qsm.facts.machines import VMFacts
from qsm.judgement.placement import misleading_files, place_disks
from qsm.plan.chain import BrokenChain, Chain, read_chain
from qsm.plan.names import CONFIGURATION_NUMBER, checkpoint_name, is_our_checkpoint, new_migration_id, work_number

FOLDER = r"E:\VMs\sql-01"
PLACE = rf"{FOLDER}\Virtual Hard Disks"


def file(path: str, parent: str | None = None, *, length: int = 100) -> DiskFile:
    return DiskFile(
        path=path, length_bytes=length, last_write_ticks=1, format="VHDX", type="Differencing" if parent else "Dynamic",
        size_bytes=1 << 30, parent_path=parent, disk_identifier="d", content_identity=path.lower(),
    )  # fmt: skip


def disk(*paths: str, slot: str = "SCSI 0:0", lengths: dict[str, int] | None = None) -> VMDisk:
    """A disk of these files, from the base upwards, as its host reports it: leaf first."""
    files = [
        file(path, parent, length=(lengths or {}).get(path, 100))
        for path, parent in zip(paths, (None, *paths), strict=False)
    ]
    return VMDisk(slot=slot, path=paths[-1], pass_through=False, shared=False, chain=tuple(files[::-1]), error=None)


def planned(*disks: VMDisk) -> tuple[Chain, ...]:
    vm = VMFacts.model_construct(disks=disks)
    return tuple(each.chain for each in place_disks(vm, FOLDER, host="hv01")[0])


def layer(number: int) -> str:
    return rf"D:\sql\sql_{number}.avhdx"


def grown(chain: Chain, layers: int) -> Chain:
    """After that many checkpoints of ours."""
    for number in range(1, layers + 1):
        below = chain.leaf.file
        pair = DiskPair(slot=chain.slot, base=file(below.path, below.parent_path, length=1000 + number),
                        leaf=file(layer(number), below.path, length=number))  # fmt: skip
        chain = chain.with_checkpoint(pair, host="hv01")
    return chain


BASE = r"D:\sql\sql.vhdx"
OWNERS = (BASE, r"D:\snap\sql_A.avhdx", r"D:\sql\sql_B.avhdx")


@pytest.mark.parametrize("own", [(BASE,), OWNERS], ids=["plain", "two layers of the owner"])
@pytest.mark.parametrize("layers", [0, 1, 2, 4])
def test_a_chain_knows_its_files_in_order(own: tuple[str, ...], layers: int) -> None:
    (before,) = planned(disk(*own))
    chain = grown(before, layers)
    added = [layer(number) for number in range(1, layers + 1)]
    assert [link.file.path for link in chain.files] == [*own, *added]
    assert [link.file.path for link in chain.layers] == [*own[1:], *added]
    assert chain.base.file.path == BASE
    assert chain.foot.file.path == own[-1]
    assert chain.leaf.file.path == [*own, *added][-1]
    assert [link.file.path for link in chain.added] == added
    frozen = [*own, *added][:-1] if layers else [*own]
    assert [link.file.path for link in chain.frozen] == frozen
    assert [link.target_path for link in chain.files] == [
        PLACE + "\\" + path.rsplit("\\", 1)[-1] for path in [*own, *added]
    ]
    assert Chain.model_validate_json(chain.model_dump_json()) == chain


def test_a_checkpoint_freezes_the_leaf_as_it_was_then() -> None:
    (before,) = planned(disk(*OWNERS))
    once = grown(before, 1)
    assert (before.foot.file.length_bytes, once.foot.file.length_bytes) == (100, 1001)
    twice = grown(before, 2)
    assert [link.file.length_bytes for link in twice.added] == [1002, 2]
    assert twice.base == before.base


def test_a_later_report_brings_new_facts_of_the_same_files() -> None:
    (before,) = planned(disk(BASE))
    chain = grown(before, 2)
    lengths = {BASE: 7, layer(1): 8, layer(2): 9}
    said = disk(BASE, layer(1), layer(2), lengths=lengths)
    shouted = said.model_copy(update={"path": said.path.upper(), "chain": tuple(
        each.model_copy(update={"path": each.path.upper()}) for each in said.chain)})  # fmt: skip
    for report in (said, shouted):
        later = chain.as_reported(report, host="hv01")
        assert [link.file.length_bytes for link in later.files] == [7, 8, 9]
        assert [link.target_path for link in later.files] == [link.target_path for link in chain.files]


@pytest.mark.parametrize(
    ("files", "named", "problem"),
    [
        ([BASE, layer(1)], layer(2), "is no longer part of the disk"),
        ([BASE, layer(1), layer(2), layer(3)], layer(3), "was put on top by somebody else"),
        ([BASE, layer(2), layer(1)], layer(2), rf"lies where {layer(1)} is expected"),
        ([r"D:\sql\other.vhdx", layer(1), layer(2)], r"D:\sql\other.vhdx", "lies where"),
    ],
)
def test_another_chain_than_the_one_that_grew_is_an_error(files: list[str], named: str, problem: str) -> None:
    (before,) = planned(disk(BASE))
    with pytest.raises(BrokenChain) as caught:
        grown(before, 2).as_reported(disk(*files), host="hv01")
    assert (caught.value.path, caught.value.host) == (named, "hv01")
    assert named in str(caught.value) and "host hv01" in str(caught.value) and problem in str(caught.value)


def _with(report: VMDisk, position: int, **changes: object) -> VMDisk:
    chain = list(report.chain)
    chain[position] = chain[position].model_copy(update=changes)
    return report.model_copy(update={"chain": tuple(chain)})


@pytest.mark.parametrize(
    ("report", "named"),
    [
        (_with(disk(BASE, layer(1)), 0, parent_path=r"D:\sql\elsewhere.vhdx"), layer(1)),
        (_with(disk(BASE, layer(1)), 0, parent_path=None), layer(1)),
        (_with(disk(BASE), 0, parent_path=r"D:\golden.vhdx"), BASE),
        (disk(BASE, layer(1)).model_copy(update={"path": BASE}), layer(1)),
        (disk(BASE, layer(1), BASE, layer(1)), layer(1)),
        (disk(BASE).model_copy(update={"chain": (), "error": "in use"}), BASE),
        (disk(BASE).model_copy(update={"error": "its parent could not be opened"}), BASE),
    ],
)
def test_a_report_that_is_no_chain_is_an_error(report: VMDisk, named: str) -> None:
    with pytest.raises(BrokenChain) as caught:
        read_chain(report, host="hv01")
    assert (caught.value.path, caught.value.host, caught.value.slot) == (named, "hv01", "SCSI 0:0")
    assert planned(report) == ()


def test_a_checkpoint_of_another_disk_is_an_error() -> None:
    (chain,) = planned(disk(BASE))
    other = r"D:\sql\other.vhdx"
    for base, leaf in ((file(other), file(layer(1), other)), (file(BASE), file(layer(1), other)),
                       (file(BASE), file(BASE, BASE))):  # fmt: skip
        with pytest.raises(BrokenChain, match="host hv01"):
            chain.with_checkpoint(DiskPair(slot=chain.slot, base=base, leaf=leaf), host="hv01")


def test_paths_are_compared_as_windows_does() -> None:
    street, same, other = "D:\\Stra\u00dfe\\a.vhdx", "d:/STRA\u00dfE/A.vhdx", "D:\\Strasse\\a.vhdx"
    report = _with(disk(street, layer(1)), 0, parent_path=same)
    assert [each.path for each in read_chain(report, host="hv01")] == [street, layer(1)]
    with pytest.raises(BrokenChain):
        read_chain(_with(report, 0, parent_path=other), host="hv01")


def test_disks_with_a_file_of_one_name_get_folders_of_their_own() -> None:
    first, second, third = planned(
        disk(r"D:\a\root.vhdx", r"D:\a\x.avhdx"), disk(r"D:\b\ROOT.vhdx", r"D:\b\y.avhdx", slot="SCSI 0:1"),
        disk(r"D:\c\z.vhdx", slot="IDE 0:0"),
    )  # fmt: skip
    assert first.base.target_path == rf"{PLACE}\SCSI-0-0\root.vhdx"
    assert first.leaf.target_path == rf"{PLACE}\SCSI-0-0\x.avhdx"
    assert second.base.target_path == rf"{PLACE}\SCSI-0-1\ROOT.vhdx"
    assert third.base.target_path == rf"{PLACE}\z.vhdx"


def test_every_folder_that_holds_a_file_is_shared_once() -> None:
    vm = VMFacts.model_construct(disks=(disk(*OWNERS), disk(r"D:\SQL\data.vhdx", slot="SCSI 0:1")))
    assert len(place_disks(vm, FOLDER, host="hv01")[1]) == 2


@pytest.mark.parametrize("disks", [1, 7, 200])
def test_numbers_of_works_never_meet(disks: int) -> None:
    numbers = [work_number(index, depth, disks=disks) for index in range(1, disks + 1) for depth in range(50)]
    assert len({CONFIGURATION_NUMBER, *numbers}) == 1 + disks * 50
    assert [work_number(index, 0, disks=disks) for index in range(1, disks + 1)] == list(range(1, disks + 1))
    with pytest.raises(ValueError, match="no layer"):
        work_number(disks + 1, 0, disks=disks)


def test_our_checkpoints_are_known_by_their_names() -> None:
    ours, other = new_migration_id(), new_migration_id()
    assert [checkpoint_name(ours), checkpoint_name(ours, round_=2)] == [f"QSM {ours}", f"QSM {ours} 2"]
    for round_ in (1, 2, 9, 10, 49):
        name = checkpoint_name(ours, round_=round_)
        assert is_our_checkpoint(name, ours)
        assert not is_our_checkpoint(name, other)
    for name in (f"QSM {ours} 1", f"QSM {ours} 0", f"QSM {ours} x", f"QSM {ours} 2 ", f"qsm {ours}", f"QSM {ours}\n"):
        assert not is_our_checkpoint(name, ours)


def test_folders_whose_names_only_a_reader_takes_for_one_are_two() -> None:
    paths = (r"D:\Strasse\a.vhdx", r"D:\Straße\b.vhdx", r"d:\STRAßE\c.vhdx")
    disks = tuple(disk(path, slot=f"SCSI 0:{at}") for at, path in enumerate(paths))
    _, folders = place_disks(VMFacts.model_construct(disks=disks), r"E:\New", host="hv01")
    assert folders == (r"D:\Strasse", r"d:\STRAßE")


def test_files_that_hyperv_would_take_for_the_disks_own_are_asked_for() -> None:
    """Disks with files of one name lie in folders of their own: nothing of these names may lie where disks usually do."""
    vm = VMFacts.model_construct(disks=(disk(r"D:\a\disk.vhdx"), disk(r"E:\b\disk.vhdx", slot="SCSI 0:1")))
    disks, _ = place_disks(vm, FOLDER, host="hv01")
    assert [each.target_path for each in disks] == [
        rf"{PLACE}\SCSI-0-0\disk.vhdx",
        rf"{PLACE}\SCSI-0-1\disk.vhdx",
    ]
    assert set(misleading_files(disks, FOLDER)) == {rf"{PLACE}\disk.vhdx"}
