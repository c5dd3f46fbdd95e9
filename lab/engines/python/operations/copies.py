"""Fetching files from the source's share, on the target.

The call checks that the copy can be done, writes down what is wanted and starts the task of SYSTEM that does it
(`lab.engines.python.operations.copy_task`). Everything else is asking for the state file, and stopping.
"""

from __future__ import annotations

import time
from collections import defaultdict

from lab.engines.python.operations import facts
from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import refused
from lab.engines.python.operations.host import ModuleHost, check_process, our_tasks
from lab.engines.python.operations.records import require_owner_none
from lab.engines.python.operations.work import Work, all_work, made_files
from lab.host.sentences import say
from lab.platform.errors import NOT_LOGGED_ON, PlatformError
from lab.platform.paths import parent
from qsm.facts.names import path_key
from qsm.facts.states import CopyJobState, WorkState
from qsm.hosts import messages as m

STOP_SECONDS = 240
"""How long stopping waits; a merge that has begun is not broken off."""


def start_copy(call: OperationCall, arguments: m.StartCopyArguments) -> m.WorkResult:
    """Check, write down the request, start the task."""
    require_owner_none(call, act=say("act_not_copied", call.host.name))
    work = Work(call.host, call.migration_id, "copy", arguments.number)
    request = arguments.model_dump(mode="json")
    if work.is_alive(request):
        return m.WorkResult(task_name=work.task_name)
    _require_room(call.host, arguments)
    _require_free_names(call, arguments)
    for file in arguments.files:
        call.host.platform.files.make_folder(parent(file.destination))
    work.begin(request, module=call.module)
    return m.WorkResult(task_name=work.task_name)


def _require_room(host: ModuleHost, arguments: m.StartCopyArguments) -> None:
    """Raises NoSpace unless each volume keeps its reserve after all files."""
    needed: dict[str, int] = defaultdict(int)
    for file in arguments.files:
        needed[host.platform.files.volume_of(file.destination).root] += file.length_bytes
    for root, length_bytes in needed.items():
        require_room(host, root, needed_bytes=length_bytes + arguments.reserve_bytes, sentence="copy_no_space")


def require_room(host: ModuleHost, path: str, *, needed_bytes: int, sentence: str, **about: str) -> None:
    """Raises NoSpace, in a sentence that says what the room is for, where a path's volume has less than is needed."""
    volume = host.platform.files.volume_of(path)
    if volume.free_bytes < needed_bytes:
        raise refused(
            "NoSpace",
            say(
                sentence,
                host.name,
                volume=volume.root,
                free_bytes=volume.free_bytes,
                needed_bytes=needed_bytes,
                **about,
            ),
            subject=volume.root,
            volume=volume.root,
            free_bytes=volume.free_bytes,
            needed_bytes=needed_bytes,
        )


def _require_free_names(call: OperationCall, arguments: m.StartCopyArguments) -> None:
    """Raises FileInTheWay for a destination that exists and that no copy of this migration put there."""
    ours = {path_key(path) for path in made_files(call.host, call.migration_id)}
    for file in arguments.files:
        path = file.destination
        if path_key(path) not in ours and call.host.platform.files.exists(path):
            raise refused(
                "FileInTheWay",
                say("copy_in_the_way", call.host.name, path=path, migration=call.migration_id),
                subject=path,
                path=path,
            )


def get_copy(call: OperationCall, arguments: m.WorkArguments) -> m.GetCopyResult:
    """Tell how far a copy is."""
    work = Work(call.host, call.migration_id, "copy", arguments.number)
    result = call.wait_until(
        lambda: _look(work),
        ended=lambda result: result.state in ("Done", "Failed", "Stopped"),
        key=lambda result: (result.state, tuple(file.job_state for file in result.files)),
    )
    if work.has_ended:  # a task that died may be one that somebody starts again at this moment: stop_work removes it
        work.unregister_task()
    return result


def _look(work: Work) -> m.GetCopyResult:
    running = work.is_running  # asked before the file is read: a task that ends in between has written its end
    request = work.request()
    if request is None:
        raise work.unknown()
    state = work.state() or _nothing_yet(request)
    result = m.GetCopyResult.model_validate(state)
    volume = next(iter(facts.known_volumes_of(work.host, [request["files"][0]["destination"]])), None)
    if not running and not work.has_ended:
        return result.model_copy(update={"state": WorkState.FAILED, "error": work.died(), "volume": volume})
    return result.model_copy(update={"volume": volume})


def _nothing_yet(request: dict[str, object]) -> dict[str, object]:
    wanted = m.StartCopyArguments.model_validate(request)
    files = [
        m.CopyProgress(
            destination=file.destination,
            job_state=CopyJobState.QUEUED,
            bytes_total=file.length_bytes,
            bytes_transferred=0,
        ).model_dump(mode="json")
        for file in wanted.files
    ]
    return {"state": "Starting", "files": files, "volume": None, "seconds": 0.0, "error": None}


def stop_work(call: OperationCall, arguments: m.Nothing) -> m.StopWorkResult:
    """End all copies and merges of the migration, and what they made besides files."""
    before = _names(call)
    works = all_work(call.host, call.migration_id)
    for work in works:
        has_jobs = any(name.startswith(f"{work.task_name}-") for name in before)
        if work.is_running or has_jobs:
            work.ask_to_stop()
        if has_jobs and not work.is_running:
            work.start_task(module=call.module)  # jobs of SYSTEM can be removed by SYSTEM alone
    deadline = time.monotonic() + STOP_SECONDS
    for work in works:
        while work.is_running and time.monotonic() < deadline:
            check_process()
            time.sleep(0.05)
        if work.is_running:
            work.end_task()
        work.unregister_task()
    after = _names(call)
    return m.StopWorkResult(stopped=tuple(sorted(before - after)))


def _names(call: OperationCall) -> set[str]:
    """Return the names of the migration's tasks and jobs that are there now, or may be where BITS does not tell."""
    host = call.host
    prefix = f"qsm-{call.migration_id}-"
    tasks = {task.name for task in our_tasks(host) if task.name.startswith(prefix)}
    try:
        jobs = host.platform.bits.get_bits_transfer(caller=host.caller, all_users=True, name=f"{prefix}*")
    except PlatformError as error:
        if error.hresult != NOT_LOGGED_ON:
            raise
        return tasks | {name for work in all_work(host, call.migration_id) for name in _possible_jobs(work)}
    return tasks | {job.display_name for job in jobs}


def _possible_jobs(work: Work) -> list[str]:
    """Return the names of the jobs that a copy may have; one that is done has completed them all."""
    if work.kind != "copy" or (work.state() or {}).get("state") == "Done":
        return []
    return [f"{work.task_name}-{index}" for index in range(len((work.request() or {"files": []})["files"]))]
