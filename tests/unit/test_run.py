"""A run ends with a report that says where the VM is, even where that report cannot be written."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sample_plan import plan

from qsm.errors import Failed
from qsm.hosts.meter import Meter
from qsm.migration.migration import Migration, open_host
from qsm.plan.ending import End
from qsm.plan.plan import Plan
from qsm.run import MigrationFailed, MigrationRun
from qsm.settings import Settings


@pytest.fixture
def run() -> MigrationRun:
    return MigrationRun()


@pytest.fixture
def migration(run: MigrationRun, tmp_path: Path) -> Migration:
    """A migration between hosts that do not answer; its reports go below a file, where no folder can be."""
    (tmp_path / "file").write_text("in the way")
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    host = {"address": "127.0.0.1", "port": port, "user": "qsm", "password": "secret"}
    limits = {"unreachable_seconds": 1, "connect_seconds": 1}
    content = {"hosts": {"hv01": host, "hv02": host}, "limits": limits, "report_folder": tmp_path / "file" / "reports"}
    settings = Settings.model_validate(content)
    source, target = (open_host(name, settings, meter=Meter()) for name in ("hv01", "hv02"))
    return Migration(
        Plan.model_validate(plan()), source, target, settings=settings, progress=run.progress, new=True
    )  # fmt: skip


def test_a_good_end_stays_one(run: MigrationRun, migration: Migration) -> None:
    with run:
        run.begin(migration)
    assert run.report is not None
    assert (run.report.end, run.report.text) == (End.FORWARD, "VM sql-01 is running on host hv02.")
    (note,) = run.report.notes
    assert note.startswith(f"The report of migration {migration.id} could not be written to folder ")


def test_what_decides_is_told_all_the_same(run: MigrationRun, migration: Migration) -> None:
    with (
        pytest.raises(
            MigrationFailed, match=r"(?s)did not go through: x\nVM sql-01 is held: .*Host hv01 does not answer"
        ),
        run,
    ):
        run.begin(migration)
        raise Failed("x")
    assert run.report is not None
    assert run.report.end is End.HELD
    assert any("could not be written" in note for note in run.report.notes)


def test_what_stopped_it_and_keeps_it_held_is_said_once(run: MigrationRun, migration: Migration) -> None:
    with pytest.raises(MigrationFailed) as failed, run:
        run.begin(migration)
        migration.source.refresh()
    begin, _, rest = str(failed.value).partition("\n")
    assert begin == f"Migration {migration.id} did not go through."
    assert rest.startswith("VM sql-01 is held: the migration was stopped on purpose")
    assert rest.count("Host hv01 does not answer") == 1


@pytest.mark.parametrize("state", ["Running", "Paused", "Saved", "Off"])
def test_a_moved_vm_is_reported_in_the_state_that_it_had(state: str) -> None:
    moved = Plan.model_validate(plan() | {"state_before": state})
    assert moved.text_at_target == f"VM sql-01 is {state.lower()} on host hv02."
