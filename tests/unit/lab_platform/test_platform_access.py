"""Access entries, share modes, shares and accounts."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from platform_helpers import HV2_ACCOUNT, TwoHosts, refused
from waiting import DEADLINE_SECONDS

from lab.platform import errors, smb_wire
from lab.platform.acl import Right
from lab.platform.identity import SYSTEM, Identity, LogonKind
from lab.platform.open_files import ANYTHING, Access, OpenFile, OpenFiles
from lab.platform.platform import Platform
from lab.platform.smb_client import RemoteFile, SmbClient

VM_ACCOUNT = r"NT VIRTUAL MACHINE\3f2a1c4e-0000-4000-8000-123456789abc"
ADMINISTRATOR = Identity(r"LAB\Administrator", LogonKind.NETWORK, administrator=True)
LEAF = Access.READ | Access.WRITE


def texts(host: Platform, path: str, *, inherited: bool = False) -> list[str]:
    return [str(entry) for entry in host.acl.entries(path, inherited=inherited)]


def test_grant_and_revoke_touch_just_their_entry(host: Platform) -> None:
    host.files.write_bytes(r"D:\x", b"")
    host.acl.grant(r"D:\x", VM_ACCOUNT, Right.FULL_CONTROL)
    host.acl.grant(r"d:\X", VM_ACCOUNT.upper(), "FullControl")
    host.acl.grant(r"D:\x", "Everyone", "Read")
    assert texts(host, r"D:\x") == ["Everyone:Read", f"{VM_ACCOUNT}:FullControl"]
    assert host.acl.grants(r"D:\x", VM_ACCOUNT, "Read")
    assert not host.acl.grants(r"D:\x", "Everyone", "FullControl")
    assert not host.acl.revoke(r"D:\x", "Everyone", Right.MODIFY)
    assert host.acl.revoke(r"D:\x", "everyone")
    assert not host.acl.revoke(r"D:\x", "Everyone")
    assert texts(host, r"D:\x") == [f"{VM_ACCOUNT}:FullControl"]
    with refused(errors.ACCOUNT_NOT_MAPPED):
        host.acl.grant(r"D:\x", r"LAB\HV9$", "Read")
    with refused(errors.FILE_NOT_FOUND):
        host.acl.grant(r"D:\y", "Everyone", "Read")


def test_entries_are_inherited_until_inheritance_is_cut(host: Platform) -> None:
    host.files.make_folder(r"D:\a\b")
    host.acl.grant(r"D:\a", "Everyone", "Read")
    assert host.acl.grants(r"D:\a\b", "Everyone", "Read")
    assert texts(host, r"D:\a\b") == []
    assert host.acl.grants(r"D:\a\b", r"NT AUTHORITY\SYSTEM", "FullControl")
    host.acl.protect(r"D:\a\b")
    host.acl.unprotect(r"D:\a\b")
    assert host.acl.grants(r"D:\a\b", "Everyone", "Read")
    host.acl.protect(r"D:\a\b")
    assert host.acl.is_protected(r"D:\a\b") and not host.acl.is_protected(r"D:\a")
    assert not host.acl.grants(r"D:\a\b", "Everyone", "Read")
    assert texts(host, r"D:\a\b", inherited=True) == []
    assert host.acl.owner(r"D:\a") == r"BUILTIN\Administrators"
    host.acl.set_owner(r"D:\a", r"LAB\Somebody")
    assert host.acl.owner(r"D:\a") == r"LAB\Somebody"


def test_an_entry_that_denies_goes_before_those_that_allow(host: Platform) -> None:
    host.files.make_folder(r"D:\a")
    host.files.write_bytes(r"D:\a\x", b"")
    host.acl.grant(r"D:\a\x", "Everyone", "Read")
    host.acl.deny(r"D:\a\x", "Everyone")
    assert texts(host, r"D:\a\x") == ["Everyone:deny Read", "Everyone:Read"]
    assert not host.acl.grants(r"D:\a\x", "everyone", "Read")
    assert host.acl.grants(r"D:\a\x", SYSTEM.account, "FullControl")
    host.acl.revoke(r"D:\a\x", "Everyone")
    assert texts(host, r"D:\a\x") == ["Everyone:deny Read"]
    # A folder's denial counts below it, unless the file's own entry allows: that stands before it.
    host.acl.deny(r"D:\a", r"NT AUTHORITY\Authenticated Users")
    host.acl.grant(r"D:\a\x", r"NT AUTHORITY\Authenticated Users", "Read")
    assert host.acl.grants(r"D:\a\x", r"NT AUTHORITY\Authenticated Users", "Read")
    host.acl.revoke(r"D:\a\x", r"NT AUTHORITY\Authenticated Users")
    assert not host.acl.grants(r"D:\a\x", r"NT AUTHORITY\Authenticated Users", "Read")


def test_administrators_by_their_token(host: Platform) -> None:
    host.files.write_bytes(r"D:\x", b"")
    assert host.acl.identity_grants(r"D:\x", ADMINISTRATOR, "FullControl")
    filtered = Identity(ADMINISTRATOR.account, LogonKind.NETWORK, administrator=False)
    assert not host.acl.identity_grants(r"D:\x", filtered, "Read")


def test_entries_go_with_their_file_and_survive_a_reboot(host: Platform) -> None:
    host.files.make_folder(r"D:\a")
    for name in ("x", "y"):
        host.files.write_bytes(rf"D:\a\{name}", b"")
        host.acl.grant(rf"D:\a\{name}", "Everyone", "Read")
    host.files.remove_file(r"D:\a\x")
    host.files.write_bytes(r"D:\a\x", b"another")
    assert texts(host, r"D:\a\x") == []
    host.files.rename(r"D:\a", r"D:\b")
    again = Platform(host.host_folder, lab_folder=host.host_folder.parent)
    assert texts(again, r"D:\b\y") == ["Everyone:Read"]


@pytest.mark.parametrize(
    ("held", "wanted", "allowed"),
    [
        ((LEAF, Access.NONE), (Access.READ, ANYTHING), False),
        ((Access.READ, Access.READ), (Access.READ, ANYTHING), True),
        ((Access.READ, Access.READ), (Access.WRITE, ANYTHING), False),
        ((Access.READ, ANYTHING), (Access.WRITE, ANYTHING), True),
        ((LEAF, ANYTHING), (Access.READ, Access.READ), False),
        ((Access.READ, ANYTHING), (LEAF, Access.NONE), False),
        ((Access.READ, Access.READ | Access.WRITE), (Access.DELETE, ANYTHING), False),
    ],
)
def test_share_modes(held: tuple[Access, Access], wanted: tuple[Access, Access], allowed: bool) -> None:
    table = OpenFiles()
    handle = table.open(r"D:\x", access=held[0], share=held[1], holder="one")
    open_it: Callable[[], OpenFile] = lambda: table.open(  # noqa: E731
        r"d:\X", access=wanted[0], share=wanted[1], holder="two"
    )
    if allowed:
        open_it()
    else:
        with refused(errors.SHARING_VIOLATION):
            open_it()
    table.close_all("two")
    assert table.holders(r"D:\x") == (handle,)
    table.close(handle)
    table.close(handle)
    open_it()


def test_another_table_counts_too() -> None:
    table = OpenFiles()
    table.also_ask(lambda path: [OpenFile(path, LEAF, Access.NONE, "VM Web", 0)] if path == r"D:\x" else [])
    with refused(errors.SHARING_VIOLATION, match="VM Web"):
        table.require(r"D:\x", access=Access.READ)
    table.require(r"D:\y", access=Access.READ)


def test_accounts(lab: TwoHosts) -> None:
    resolve = lab.hv1.accounts.resolve
    sid = resolve(HV2_ACCOUNT)
    assert sid is not None and sid.startswith("S-1-5-21-")
    assert resolve(r"lab\hv2$") == sid == resolve(r"lab.example\HV2$")
    assert lab.hv2.accounts.resolve(HV2_ACCOUNT) == sid != resolve(r"LAB\HV1$")
    assert resolve(r"NT AUTHORITY\SYSTEM") == "S-1-5-18"
    assert resolve(r"BUILTIN\Administrators") == "S-1-5-32-544"
    vm_sid = resolve(VM_ACCOUNT)
    assert vm_sid is not None and vm_sid.startswith("S-1-5-83-1-") and vm_sid.count("-") == 8
    for unknown in (r"LAB\HV9$", r"OTHER\HV2$", r"LAB\HV2", "", r"NT VIRTUAL MACHINE\web"):
        assert resolve(unknown) is None, unknown
    lab.hv1.accounts.change(domain=None)
    assert resolve(HV2_ACCOUNT) is None
    assert lab.hv1.accounts.settings.computer_account is None
    assert lab.hv1.accounts.settings.fqdn == "HV1"


def test_a_trusted_domain(lab: TwoHosts) -> None:
    lab.hv2.accounts.change(domain="PARTNER")
    lab.hv2.shutdown()
    lab.hv2 = lab.new("HV2")
    lab.hv2.boot()
    assert lab.hv1.accounts.resolve(r"PARTNER\HV2$") is None
    lab.hv1.accounts.change(trusted_domains=("PARTNER",))
    assert lab.hv1.accounts.resolve(r"PARTNER\HV2$") is not None
    assert lab.hv1.accounts.resolve(HV2_ACCOUNT) is None


def test_a_winrm_token_may_be_filtered(lab: TwoHosts) -> None:
    assert lab.hv1.accounts.winrm_identity(r"LAB\Admin") == Identity(
        r"LAB\Admin", LogonKind.NETWORK, administrator=True
    )
    lab.hv1.accounts.change(administrator_filtered=True)
    assert not lab.hv1.accounts.winrm_identity(r"LAB\Admin").administrator


def test_shares(lab: TwoHosts) -> None:
    shares = lab.hv1.shares
    lab.hv1.files.make_folder(r"D:\VMs")
    share = shares.new_smb_share("qsm-1$", r"d:\vms", read_access=(HV2_ACCOUNT,), temporary=True, caching_mode="None")
    assert (share.path, share.read_access, share.caching_mode) == (r"D:\VMs", (HV2_ACCOUNT,), "None")
    assert shares.get_smb_share("QSM-1$") == (share,)
    assert [each.name for each in shares.get_smb_share()] == ["ADMIN$", "C$", "D$", "IPC$", "qsm-1$"]
    assert shares.get_smb_share("nothing") == ()
    with refused(errors.SHARE_EXISTS):
        shares.new_smb_share("QSM-1$", r"D:\VMs")
    with refused(errors.PATH_NOT_FOUND):
        shares.new_smb_share("other", r"D:\Missing")
    with refused(errors.ACCOUNT_NOT_MAPPED):
        shares.new_smb_share("other", r"D:\VMs", read_access=(r"LAB\HV9$",))
    with refused(errors.INVALID_NAME):
        shares.new_smb_share("a/b", r"D:\VMs")
    with refused(errors.SHARE_NOT_FOUND):
        shares.remove_smb_share("C$")
    lab.hv1.shares.grant_smb_share_access("qsm-1$", HV2_ACCOUNT.lower())
    assert shares.get_smb_share("qsm-1$")[0].read_access == (HV2_ACCOUNT,)
    shares.new_smb_share("kept", r"D:\VMs", read_access=("Everyone",))
    lab.hv1.shutdown()
    lab.hv1 = lab.new("HV1")
    lab.hv1.boot()
    assert [each.name for each in lab.hv1.shares.get_smb_share(special=False)] == ["kept"]
    lab.hv1.shares.remove_smb_share("kept")
    lab.hv1.shares.new_smb_share("gone$", r"D:\VMs", temporary=True)
    lab.hv1.shutdown()
    lab.hv1.boot()
    assert lab.hv1.shares.get_smb_share(special=False) == ()
    with refused(errors.SHARE_NOT_FOUND):
        lab.hv1.shares.remove_smb_share("kept")


def client_of(host: Platform) -> SmbClient:
    return SmbClient(accounts=host.accounts, directory=host.directory, links=host.links)


def open_remote(host: Platform, unc: str, identity: Identity) -> RemoteFile:
    return client_of(host).open(unc, identity=identity, stopped=lambda: False)


def test_a_winrm_caller_reaches_no_share_of_another_host(lab: TwoHosts) -> None:
    source = lab.share_file("x", b"data")
    lab.hv1.shares.grant_smb_share_access("vms$", "Everyone")
    lab.hv1.acl.grant(r"D:\VMs\x", "Everyone", "Read")
    open_remote(lab.hv2, source, SYSTEM).close()
    with refused(errors.ACCESS_DENIED, match="ANONYMOUS"):
        open_remote(lab.hv2, source, ADMINISTRATOR)


def test_what_a_share_does_not_give(lab: TwoHosts) -> None:
    lab.share_file("x", b"data")
    lab.hv1.files.write_bytes(r"D:\secret", b"")
    lab.hv1.acl.grant(r"D:\secret", HV2_ACCOUNT, "Read")
    for unc, hresult in [
        (r"\\HV1\vms$\..\secret", errors.INVALID_NAME),
        (r"\\HV1\gone$\x", errors.BAD_NETWORK_NAME),
        (r"\\HV9\vms$\x", errors.BAD_NETWORK_PATH),
        (r"\\HV1\vms$\y", errors.FILE_NOT_FOUND),
        (r"\\HV1\vms$", errors.INVALID_NAME),
        (r"\\HV1\C$\x", errors.ACCESS_DENIED),
    ]:
        with refused(hresult):
            open_remote(lab.hv2, unc, SYSTEM)
    lab.hv1.files.make_folder(r"D:\VMs\folder")
    with refused(errors.ACCESS_DENIED, match="is a folder"):
        open_remote(lab.hv2, r"\\HV1.lab.example\vms$\folder", SYSTEM)


def test_a_host_cannot_pretend_to_be_another(lab: TwoHosts) -> None:
    lab.share_file("x", b"data")
    entry = lab.hv1.directory.find("HV1")
    assert entry is not None
    own_secret = lab.hv1.directory.machine_secret("HV1")
    with socket.create_connection((entry.address, entry.smb_port), timeout=DEADLINE_SECONDS) as connection:
        hello = smb_wire.receive_message(connection)
        proof = smb_wire.proof(own_secret, hello["challenge"], hello["server"])
        smb_wire.send_message(connection, {"account": HV2_ACCOUNT, "proof": proof})
        with refused(errors.ACCESS_DENIED):
            smb_wire.raise_error(smb_wire.receive_message(connection))


def test_an_open_file_is_held_and_removing_its_share_breaks_the_connection(lab: TwoHosts) -> None:
    source = lab.share_file("x", b"data")
    with open_remote(lab.hv2, source, SYSTEM) as file:
        (holder,) = lab.hv1.open_files.holders(r"D:\VMs\x")
        assert holder.holder == f"SMB {HV2_ACCOUNT}"
        with refused(errors.SHARING_VIOLATION, match="HV2"):
            lab.hv1.open_files.open(r"D:\VMs\x", access=LEAF, share=Access.NONE, holder="VM")
        lab.hv1.shares.remove_smb_share("vms$")
        with refused(errors.NETWORK_NAME_DELETED):
            file.fetch(0, count=1, into=-1, arrived=lambda count: None)


def test_connection_to_port_445(lab: TwoHosts) -> None:
    for name in ("HV1", "hv1.lab.example"):
        assert lab.hv2.test_connection(name)
    assert not lab.hv2.test_connection("HV9")
    lab.hv2.links.cut("HV2", "HV1")
    assert not lab.hv2.test_connection("HV1", timeout_seconds=0.2)
    lab.hv2.links.stall("HV1", "HV2")
    assert not lab.hv2.test_connection("HV1", timeout_seconds=0.2)
    lab.hv2.links.restore("HV1", "HV2")
    assert lab.hv2.test_connection("HV1")
    lab.hv1.shutdown()
    assert not lab.hv2.test_connection("HV1")
