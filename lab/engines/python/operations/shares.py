r"""Temporary shares on the source, and the read grants that go with them.

What was granted must be taken back exactly, and what was there before must stay; and a process may die between the first
grant and its report. So each share has a note, `shares\<number>.json` beside the record, that tells what is granted
before it is granted, and which files can be read once they can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from lab.engines.python.operations.calls import OperationCall
from lab.engines.python.operations.errors import failed, hresult_of, refused
from lab.host.sentences import because, say
from lab.platform.acl import Right
from lab.platform.errors import PlatformError
from qsm.facts.names import inside_folder, one_of, same_name, same_path
from qsm.hosts import messages as m


def share_name(migration_id: str, number: int) -> str:
    """Return the name of a migration's share."""
    return f"qsm-{migration_id}-{number}$"


def open_share(call: OperationCall, arguments: m.OpenShareArguments) -> m.OpenShareResult:
    """Open one share for one account, and give it read on each file."""
    host = call.host
    sid = host.platform.accounts.resolve(arguments.account)
    if sid is None:
        raise refused(
            "AccountUnknown",
            say("account_unknown", host.name, account=arguments.account),
            subject=arguments.account,
            account=arguments.account,
        )
    name = share_name(call.migration_id, arguments.number)
    note_name = f"{_notes_folder(call)}\\{arguments.number}.json"
    known = (host.folder.read_json(note_name) or {}).get("grants", [])
    missing = [path for path in arguments.files if _is_to_be_granted(call, path, arguments, known=known)]
    for share in host.platform.shares.get_smb_share(name):
        if not same_path(share.path, arguments.folder):
            raise refused(
                "ShareFailed",
                say("share_exists", host.name, name=name, path=share.path, folder=arguments.folder),
                subject=name,
                share=name,
                path=share.path,
            )
    readable = (host.folder.read_json(note_name) or {}).get("files", [])
    note = {
        "number": arguments.number,
        "name": name,
        "folder": arguments.folder,
        "account": arguments.account,
        "sid": sid,
        "files": readable,
        "grants": _together(known, missing),
    }
    try:
        host.folder.replace_json(note_name, note)
        for path in missing:
            host.platform.acl.grant(path, arguments.account, Right.READ)
        if not host.platform.shares.get_smb_share(name):
            host.platform.shares.new_smb_share(
                name, arguments.folder, read_access=(arguments.account,), temporary=True, caching_mode="None"
            )
    except PlatformError as error:
        raise failed(
            "ShareFailed",
            say(
                "share_failed",
                host.name,
                name=name,
                folder=arguments.folder,
                account=arguments.account,
                cause=because(error),
            ),
            subject=name,
            hresult=hresult_of(error),
        ) from error
    if not _lets_read(call, name, account=arguments.account, paths=arguments.files):
        raise failed("ShareFailed", say("share_not_there", host.name, name=name, sid=sid), subject=name, share=name)
    host.folder.replace_json(note_name, {**note, "files": _together(readable, arguments.files)})
    return m.OpenShareResult(share=m.ShareFacts(name=name, path=arguments.folder, files=arguments.files))


def _together(one: list[str], other: Any) -> list[str]:
    return list(dict.fromkeys([*one, *other]))


def _is_to_be_granted(call: OperationCall, path: str, arguments: m.OpenShareArguments, *, known: list[str]) -> bool:
    """Whether the account cannot read a file yet. Raises ShareFailed for a file that must not be granted.

    An entry of somebody else for the account could not be told from ours when it is taken back.
    """
    acl, account = call.host.platform.acl, arguments.account
    if not inside_folder(path, arguments.folder):
        why = say("why_outside", call.host.name, folder=arguments.folder)
    elif not call.host.platform.files.is_file(path):
        why = say("why_missing", call.host.name)
    elif acl.grants(path, account, Right.READ):
        return False
    elif path in known or not any(same_name(entry.account, account) for entry in acl.entries(path)):
        return True
    else:
        why = say("why_denied", call.host.name, sid=call.host.platform.accounts.resolve(account))
    raise refused("ShareFailed", say("file_not_shared", call.host.name, path=path, why=why), subject=path, path=path)


def _notes_folder(call: OperationCall) -> str:
    return f"{call.migration_folder}\\shares"


def _notes(call: OperationCall) -> dict[str, dict[str, Any]]:
    """Return the notes of the migration's shares by the names of their files."""
    folder = _notes_folder(call)
    names = [f"{folder}\\{name}" for name in call.host.folder.names(folder)]
    return {name: note for name in names if (note := call.host.folder.read_json(name)) is not None}


def is_open(call: OperationCall, name: str) -> bool:
    """Whether a share of this migration is there, and it and its files still grant read to its account."""
    note = next((each for each in _notes(call).values() if same_name(each["name"], name)), None)
    return note is not None and _lets_read(call, name, account=str(note["account"]), paths=note["files"])


def _lets_read(call: OperationCall, name: str, *, account: str, paths: Iterable[str]) -> bool:
    found = call.host.platform.shares.get_smb_share(name)
    files, acl = call.host.platform.files, call.host.platform.acl
    return (
        bool(found)
        and one_of(account, found[0].read_access)
        and all(acl.grants(path, account, Right.READ) for path in paths if files.exists(path))
    )


def close_shares(call: OperationCall, arguments: m.Nothing) -> m.CloseSharesResult:
    """Remove all shares of the migration, and take back all grants that were noted."""
    host = call.host
    ours = re.compile(rf"qsm-{call.migration_id}-\d+\$", re.IGNORECASE)
    closed = []
    for share in host.platform.shares.get_smb_share():
        if ours.fullmatch(share.name):
            host.platform.shares.remove_smb_share(share.name)
            closed.append(share.name)
    taken_back = []
    for name, note in _notes(call).items():
        for path in note["grants"]:
            if host.platform.files.exists(path) and host.platform.acl.revoke(path, note["account"], Right.READ):
                taken_back.append(path)
        host.folder.remove_file(name)
    host.folder.remove_tree(_notes_folder(call))
    return m.CloseSharesResult(shares=tuple(closed), files=tuple(taken_back))
