"""Which function carries out which operation: one for each row of `qsm.hosts.operations`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.engines.python.operations import (
    checkpoint,
    cleanup,
    copies,
    cutover,
    handover,
    importing,
    merges,
    records,
    shares,
    survey,
    undo,
)

_ALL: tuple[Callable[..., Any], ...] = (
    survey.get_host,
    survey.get_vm,
    survey.get_inventory,
    survey.get_compatibility,
    survey.resolve_account,
    survey.test_target,
    survey.watch_source,
    records.find_migrations,
    records.create_record,
    records.take_lock,
    records.turn_back,
    records.close_migration,
    records.clean_host,
    checkpoint.take_checkpoint,
    checkpoint.remove_checkpoint,
    checkpoint.get_checkpoint_removal,
    shares.open_share,
    shares.close_shares,
    copies.start_copy,
    copies.get_copy,
    copies.stop_work,
    cutover.save_vm,
    cutover.export_configuration,
    merges.start_merge,
    merges.get_merge,
    importing.import_vm,
    handover.hand_over,
    handover.allow_start,
    handover.start_vm,
    handover.confirm_target,
    handover.restore_settings,
    undo.withdraw,
    undo.take_back,
    undo.remove_imported_vm,
    undo.remove_files,
    cleanup.retire_source,
    cleanup.remove_source,
    cleanup.get_source_removal,
    cleanup.remove_source_files,
    cleanup.create_probe_file,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {function.__name__: function for function in _ALL}
"""Functions by operation: they take an `OperationCall` and the operation's arguments, and give its result.

For a result of type `RecordResult` they give nothing: the dispatcher tells the record after its one write.
"""
