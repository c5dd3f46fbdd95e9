"""Folding the copied differencing disks into the copied base, on the target, before the import.

A merge into the wrong base destroys it without a word. So the call refuses what is not there, and the task checks that
the base is the very file that was frozen and that the whole chain holds, before the first byte is written.
"""

from __future__ import annotations

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.copies import require_room
from lab.engines.python.operations.errors import OperationError, failed, hresult_of, refused
from lab.engines.python.operations.host import ModuleHost
from lab.engines.python.operations.records import require_owner_none
from lab.engines.python.operations.stopwatch import Stopwatch
from lab.engines.python.operations.work import FINAL_STATES, Work
from lab.host.sentences import because, say
from lab.hyperv import HyperVError
from qsm.facts.errors import ErrorFacts
from qsm.facts.files import DiskFile
from qsm.facts.states import WorkState
from qsm.hosts import messages as m


def start_merge(call: OperationCall, arguments: m.StartMergeArguments) -> m.WorkResult:
    """Check, write down the request, start the task."""
    require_owner_none(call, act=say("act_not_merged", call.host.name))
    work = Work(call.host, call.migration_id, "merge", arguments.number)
    request = arguments.model_dump(mode="json")
    if work.is_alive(request):
        return m.WorkResult(task_name=work.task_name)
    for path in (arguments.base, *arguments.children):
        if not call.host.platform.files.is_file(path):
            missing = say("merge_disk_missing", call.host.name, path=path)
            raise refused("FileMissing", missing, subject=path, path=path)
    growth = _growth_bytes(call.host, arguments)
    needed_bytes = growth + arguments.reserve_bytes
    require_room(call.host, arguments.base, needed_bytes=needed_bytes, sentence="merge_no_space", base=arguments.base)
    work.begin(request, module=call.module)
    return m.WorkResult(task_name=work.task_name)


def _growth_bytes(host: ModuleHost, arguments: m.StartMergeArguments) -> int:
    """How much the base may grow: a fixed disk not at all, another one by what its children hold."""
    if not arguments.children or host.hyperv.get_vhd(arguments.base).vhd_type == "Fixed":
        return 0
    return sum(facts.file_facts(host, child).length_bytes for child in arguments.children)


def get_merge(call: OperationCall, arguments: m.WorkArguments) -> m.GetMergeResult:
    """Tell how far a merge is."""
    work = Work(call.host, call.migration_id, "merge", arguments.number)
    result = call.wait_until(
        lambda: _look(work),
        ended=lambda result: result.state in FINAL_STATES,
        key=lambda result: (result.state, result.stage),
    )
    if work.has_ended:  # as in get_copy
        work.unregister_task()
    return result


def _look(work: Work) -> m.GetMergeResult:
    running = work.is_running  # asked before the file is read: a task that ends in between has written its end
    if work.request() is None:
        raise work.unknown()
    nothing_yet = m.GetMergeResult(state=WorkState.STARTING, stage="", percent=0, disk=None, seconds=0.0, error=None)
    state = work.state()
    result = m.GetMergeResult.model_validate(state) if state else nothing_yet
    if not running and not work.has_ended:
        return result.model_copy(update={"state": WorkState.FAILED, "error": work.died()})
    return result


class MergeTask:
    """One run of the task of SYSTEM that merges."""

    def __init__(self, work: Work) -> None:
        request = work.request()
        if request is None:
            raise LookupError(f"{work.task_name}: there is no request")
        self._work = work
        self._host = work.host
        self._wanted = m.StartMergeArguments.model_validate(request)
        self._watch = Stopwatch()

    def run(self) -> int:
        """Merge, and leave a final state; returns the exit code."""
        try:
            disk = self._merge()
        except OperationError as error:
            self._write("Failed", error=error.facts)
            return 1
        except Exception as error:  # whatever the host raises, the state file must say that it is over
            self._write("Failed", error=self._merge_failed(error).facts)
            return 1
        if disk is None:
            self._write("Stopped")
        else:
            self._write("Done", stage="done", percent=100, disk=disk)
        return 0

    def _merge(self) -> DiskFile | None:
        """Do all stages; None where somebody asked for the end between two."""
        for stage, percent, act in (
            ("parents", 0, self._link),
            ("checks", 5, self._check),
            ("merge", 10, self._fold),
            ("proof", 95, self._remove_children),
        ):
            if self._work.is_to_stop:
                return None
            self._write("Running", stage=stage, percent=percent)
            act()
        return self._merged()

    def _merge_failed(self, error: Exception) -> OperationError:
        stage = str((self._work.state() or {}).get("stage", ""))
        told = say("merge_failed", self._host.name, base=self._wanted.base, stage=stage, cause=because(error))
        return failed("MergeFailed", told, subject=self._wanted.base, hresult=hresult_of(error))

    def _link(self) -> None:
        parent = self._wanted.base
        for child in self._wanted.children:
            try:
                self._host.hyperv.set_vhd(child, parent_path=parent)
            except HyperVError as error:
                raise self._broken(child, error) from error
            parent = child

    def _check(self) -> None:
        """The base must be the frozen file: else the merge would be written into another disk."""
        disk = facts.disk_file(self._host, self._wanted.base)
        found = (disk.length_bytes, disk.content_identity)
        expected = (self._wanted.base_length_bytes, self._wanted.base_content_identity)
        if found != expected or not disk.content_identity:
            raise failed(
                "DiskChainBroken",
                say(
                    "base_is_another_disk",
                    self._host.name,
                    base=self._wanted.base,
                    found=f"{found[0]} bytes, {found[1]}",
                    expected=f"{expected[0]} bytes, {expected[1]}",
                ),
                subject=disk.path,
            )
        leaf = (self._wanted.base, *self._wanted.children)[-1]
        try:
            self._host.hyperv.test_vhd(leaf)
        except HyperVError as error:
            raise self._broken(leaf, error) from error

    def _broken(self, path: str, error: HyperVError) -> OperationError:
        return failed(
            "DiskChainBroken",
            say("chain_does_not_hold", self._host.name, base=self._wanted.base, leaf=path, cause=because(error)),
            subject=self._wanted.base,
            path=path,
            hresult=hresult_of(error),
        )

    def _fold(self) -> None:
        if not self._wanted.children:
            return
        leaf = self._wanted.children[-1]
        try:
            self._host.hyperv.merge_vhd(leaf, destination_path=self._wanted.base)
        except HyperVError as error:
            raise self._merge_failed(error) from error

    def _merged(self) -> DiskFile:
        """Return the base as it is now. Raises MergeFailed unless it stands alone."""
        disk = facts.disk_file(self._host, self._wanted.base)
        left = [path for path in self._wanted.children if self._host.platform.files.exists(path)]
        if disk.parent_path is not None or disk.type == "Differencing" or left:
            raise failed(
                "MergeFailed",
                say(
                    "not_merged",
                    self._host.name,
                    base=disk.path,
                    type=disk.type,
                    parent_path=disk.parent_path,
                    count=len(left),
                ),
                subject=disk.path,
                left=left,
            )
        return disk

    def _remove_children(self) -> None:
        for child in self._wanted.children:
            if self._host.platform.files.exists(child):
                self._host.platform.files.remove_file(child)

    def _write(
        self,
        state: str,
        *,
        stage: str = "",
        percent: int = 0,
        disk: DiskFile | None = None,
        error: ErrorFacts | None = None,
    ) -> None:
        result = m.GetMergeResult.model_validate(
            {
                "state": state,
                "stage": stage,
                "percent": percent,
                "disk": disk,
                "seconds": self._watch.seconds(),
                "error": error,
            }
        )
        self._work.write_state(result.model_dump(mode="json"))
