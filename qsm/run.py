"""One run of a migration: whatever happens inside, it ends home, forward or held, and its report says which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType

from qsm.errors import QsmError
from qsm.migration.migration import Migration
from qsm.migration.progress import Progress
from qsm.plan.ending import End, Ending
from qsm.report.recorder import Recorder
from qsm.report.report import Report
from qsm.ways.settle import settle


class MigrationFailed(QsmError):
    """The migration did not go through. The text says why, and where the VM is; `report` holds the rest."""

    def __init__(self, report: Report, *, reason: str) -> None:
        self.report = report
        left = "".join(f"\n  left over: {item}" for item in report.left_over)
        # What stopped a migration is often what keeps it held, or leaves something over: said once.
        below = reason in report.text or any(reason in item for item in report.left_over)
        begin = f"Migration {report.migration_id} did not go through"
        why = f"{begin}.\n" if below else f"{begin}: {reason}\n"
        super().__init__(f"{why}{report.text}{left}")


_watched: ContextVar[list[MigrationRun] | None] = ContextVar("runs that begin in this context", default=None)


@contextmanager
def watching_runs() -> Iterator[list[MigrationRun]]:
    """The runs that begin within the block. For whoever starts a flow: the run knows where the VM is, even where the
    flow around it fails afterwards.
    """
    runs: list[MigrationRun] = []
    token = _watched.set(runs)
    try:
        yield runs
    finally:
        _watched.reset(token)


class MigrationRun:
    """Context of a run. Preflight reports to its `progress` and makes the migration; hand that to `begin`, and read
    `report` after the block.

    An error inside the block is settled (`qsm.ways.settle`). If the VM ends at the target, the block ends well and the
    report names what is left over; else MigrationFailed follows. An interrupt (Ctrl-C, a cancelled flow run) is settled
    likewise and then passed on.
    """

    def __init__(self) -> None:
        self.progress = Progress()
        self._recorder = Recorder()
        self.progress.add(self._recorder)
        self.migration: Migration | None = None
        self.report: Report | None = None
        self._stopped_by: BaseException | None = None

    def __enter__(self) -> MigrationRun:
        watched = _watched.get()
        if watched is not None:
            watched.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            return self._end(error)
        finally:
            if self.migration is not None:
                self.migration.close()

    def begin(self, migration: Migration) -> Migration:
        """The migration that this run carries from here on."""
        self.migration = migration
        return migration

    def outcome(self) -> Report:
        """What the block came to, whatever became of its surroundings: the report of a VM that is at the target.

        Raises MigrationFailed, or the interrupt that the block was left by.
        """
        report, error = self.report, self._stopped_by
        if report is None:
            raise AssertionError("a block that is over has a report")
        if isinstance(error, KeyboardInterrupt):
            raise error
        if report.end is End.FORWARD:
            return report
        reason = str(error) if isinstance(error, QsmError) else report.error
        raise MigrationFailed(report, reason=reason) from error

    def _end(self, error: BaseException | None) -> bool:
        migration = self.migration
        if migration is None:
            return False
        if error is None:
            text = migration.plan.text_at_target
            self._report(migration, Ending(End.FORWARD, text, migration.left_over), "")
            return False
        self._stopped_by = error
        migration.stop.set()
        for side in migration.sides:
            side.host.try_logon_once_more()  # the VM may stand still: its way home is worth an attempt
        ending = settle(migration)
        self._report(migration, ending, f"{type(error).__name__}: {error}")
        if not isinstance(error, Exception):  # it passes on, and says nothing of the VM
            migration.note(" ".join([ending.text, *(f"Left over: {item}" for item in ending.left_over)]))
            return False
        self.outcome()
        return True

    def _report(self, migration: Migration, ending: Ending, error: str) -> None:
        """Makes the report and writes it. Where the VM is does not depend on whether its report can be written."""
        report = self._recorder.report(migration.plan, ending, meter=migration.meter, error=error)
        folder = migration.settings.report_folder
        try:
            report.save(folder)
        except OSError as problem:
            text = f"The report of migration {migration.id} could not be written to folder {folder}: {problem}"
            migration.note(text)
            report = report.model_copy(update={"notes": (*report.notes, text)})
        self.report = report
