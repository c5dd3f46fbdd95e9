"""The folder for what a migration exports: on a volume with room for a guest's memory, and closed to others."""

from __future__ import annotations

import re

from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import refused
from lab.engines.python.operations.state_folder import remove_tree
from lab.host.sentences import say
from lab.platform.acl import Right
from lab.platform.identity import ADMINISTRATORS, SYSTEM_ACCOUNT


def named_folder(call: OperationCall) -> str | None:
    """Return the folder that the plan names, None where it names none. Raises InvalidArgument for another name than ours."""
    plan = call.known_record().model_dump(mode="json")["plan"]
    folder = str(plan.get("export_folder", ""))
    if not folder:
        return None
    name = rf"[A-Za-z]:\\((?!\.{{1,2}}\\)[^\\/]+\\)*qsm-{call.migration_id}"
    if re.fullmatch(name, folder) is None:
        told = say("export_folder_name", call.host.name, folder=folder, migration=call.migration_id)
        raise refused("InvalidArgument", told, subject=folder)
    return folder


def required_folder(call: OperationCall) -> str:
    """Return the folder that the plan names. Raises InvalidArgument."""
    folder = named_folder(call)
    if folder is None:
        told = say("no_export_folder", call.host.name, migration=call.migration_id)
        raise refused("InvalidArgument", told, subject=call.migration_id)
    return folder


def make_anew(call: OperationCall, folder: str) -> None:
    """Make it, closed to all but SYSTEM and Administrators; an older export there goes."""
    files, acl = call.host.platform.files, call.host.platform.acl
    remove_tree(files, folder)
    files.make_folder(folder)
    acl.set_owner(folder, ADMINISTRATORS)
    acl.protect(folder)
    for account in (SYSTEM_ACCOUNT, ADMINISTRATORS):
        acl.grant(folder, account, Right.FULL_CONTROL)
