"""Temporary shares on the source, and the read grants that go with them.

What was granted must be taken back exactly, and what was there before must stay. So only grants that were really added
are written down: in the result of `open_share`, which the journal keeps, and, since a process may die between the first
grant and that result, in a list beside the record before each grant is made.
"""

from __future__ import annotations

from lab.operations.calls import Call
from lab.operations.errors import failed, hresult_of, refused
from lab.operations.facts import same_path
from lab.platform.acl import Right
from lab.platform.errors import PlatformError
from qsm.hosts import messages as m


def share_name(migration_id: str, number: int) -> str:
    """Return the name of a migration's share."""
    return f"qsm-{migration_id}-{number}$"


def open_share(call: Call, arguments: m.OpenShareArguments) -> m.OpenShareResult:
    """Open one share for one account, and give it read on each file."""
    host = call.host
    if host.platform.accounts.resolve(arguments.account) is None:
        raise refused(
            "AccountUnknown",
            f"{host.name} does not know the account {arguments.account}, so that it cannot be given read access. "
            "Nothing was changed.",
            subject=arguments.account,
        )
    name = share_name(call.migration_id, arguments.number)
    for share in host.platform.shares.get_smb_share(name):
        if not same_path(share.path, arguments.folder):
            raise refused(
                "ShareFailed",
                f"Share {name} on {host.name} exists and shows {share.path}, not {arguments.folder}. Nothing was changed.",
                subject=name,
            )
    try:
        _share(call, name, arguments)
        for path in arguments.files:
            _grant(call, path, account=arguments.account)
    except PlatformError as error:
        raise failed(
            "ShareFailed",
            f"Share {name} on {host.name} could not be opened for {arguments.account}: {error.message}",
            subject=name,
            hresult=hresult_of(error),
        ) from error
    return m.OpenShareResult(share=m.ShareFacts(name=name, path=arguments.folder, files=arguments.files))


def _share(call: Call, name: str, arguments: m.OpenShareArguments) -> None:
    shares = call.host.platform.shares
    existing = shares.get_smb_share(name)
    if existing:
        if arguments.account.casefold() not in {account.casefold() for account in existing[0].read_access}:
            shares.grant_smb_share_access(name, arguments.account)
        return
    shares.new_smb_share(name, arguments.folder, read_access=(arguments.account,), temporary=True, caching_mode="None")


def _grants_name(call: Call) -> str:
    return f"{call.migration_folder}\\grants.json"


def _grants(call: Call) -> list[dict[str, str]]:
    return list(call.host.folder.read_json(_grants_name(call)) or [])


def _grant(call: Call, path: str, *, account: str) -> None:
    entry = {"path": path, "account": account}
    recorded = _grants(call)
    if entry in recorded:
        call.host.platform.acl.grant(path, account, Right.READ)
        return
    present = any(
        each.account.casefold() == account.casefold() and each.right is Right.READ
        for each in call.host.platform.acl.entries(path)
    )
    if not present:
        call.host.folder.replace_json(_grants_name(call), [*recorded, entry])
        call.host.platform.acl.grant(path, account, Right.READ)


def close_shares(call: Call, arguments: m.Nothing) -> m.CloseSharesResult:
    """Remove all shares of the migration, and take back all grants that were recorded."""
    host = call.host
    prefix = f"qsm-{call.migration_id}-".casefold()
    closed = []
    for share in host.platform.shares.get_smb_share():
        if share.name.casefold().startswith(prefix):
            host.platform.shares.remove_smb_share(share.name)
            closed.append(share.name)
    taken_back = []
    for entry in _grants(call):
        if host.platform.files.exists(entry["path"]) and host.platform.acl.revoke(
            entry["path"], entry["account"], Right.READ
        ):
            taken_back.append(entry["path"])
    host.folder.remove_file(_grants_name(call))
    return m.CloseSharesResult(shares=tuple(closed), files=tuple(taken_back))
