"""The acceptor's side of NTLM, alone or inside SPNEGO, by pyspnego.

Trouble: pyspnego finds its accounts in a file named by the environment and its machine name in the operating
system, both one per process, while a process may hold several hosts; and it knows only one strictness of
channel binding. Answer: every step is taken under a lock with this host's accounts and name in place, and the
client's channel binding is read from its message before pyspnego judges it.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import spnego
import spnego._ntlm
import spnego.channel_bindings
import spnego.exceptions
from pydantic import SecretStr
from spnego._ntlm_raw.crypto import ntowfv1

from lab.winrm.settings import ChannelBinding
from qsm.facts.names import name_key

_process_lock = threading.Lock()
_SIGNATURE = b"NTLMSSP\0"
_AUTHENTICATE = 3  # [MS-NLMP] 2.2.1.3
_AV_CHANNEL_BINDINGS = 10  # [MS-NLMP] 2.2.2.1, MsvAvChannelBindings


class LogonRefusedError(Exception):
    """The client did not prove who it is: answered with 401."""


class NtlmAccounts:
    """The host's accounts, in the file form that pyspnego reads (hashes only).

    The file has no name and is gone with the process: a host ends by SIGKILL, and then nobody removes anything.
    """

    def __init__(self, accounts: Mapping[str, SecretStr], *, machine_name: str) -> None:
        self.machine_name = machine_name
        self._account_by_principal: dict[tuple[str, str], str] = {}
        lines = []
        for account, password in accounts.items():
            nt_hash = ntowfv1(password.get_secret_value()).hex()
            for domain, user in _spellings(account, machine_name):
                self._account_by_principal[name_key(domain), name_key(user)] = account
                login = f"{domain}\\{user}" if domain else user
                lines.append(f"{login}:0:{'0' * 32}:{nt_hash}:[U]:LCT-0\n")
        self._file = os.fdopen(os.memfd_create("accounts"), "w", encoding="utf-8")
        self._file.writelines(lines)
        self._file.flush()
        self.path = Path(f"/proc/self/fd/{self._file.fileno()}")

    def account(self, principal: str) -> str:
        """Account name as the settings spell it, of DOMAIN\\user or user as the client spelt it."""
        domain, separator, user = principal.partition("\\")
        return self._account_by_principal[(name_key(domain), name_key(user)) if separator else ("", name_key(domain))]

    def remove(self) -> None:
        self._file.close()


def _spellings(account: str, machine_name: str) -> list[tuple[str, str]]:
    """Domain and user of every way in which a client may write a local account; others as they stand."""
    domain, separator, user = account.partition("\\")
    if separator:
        return [(domain, user)]
    if "@" in account:
        return [("", account)]
    return [("", account), (machine_name, account), (".", account)]


class _Machine:
    """Stands where pyspnego looks for the operating system's socket module, for its name only."""

    def __init__(self, name: str) -> None:
        self._name = name

    def gethostname(self) -> str:
        return self._name


@contextmanager
def _as_host(accounts: NtlmAccounts) -> Iterator[None]:
    """For the length of one step, pyspnego's process-wide answers are this host's.

    pyspnego offers no parameter for either. A client that authenticates in another thread meanwhile may read
    this machine name as its workstation's, which nothing checks; its own credentials never come from the
    environment.
    """
    module = vars(spnego._ntlm)
    with _process_lock:
        saved_file, saved_socket = os.environ.get("NTLM_USER_FILE"), module["socket"]
        os.environ["NTLM_USER_FILE"] = str(accounts.path)
        module["socket"] = _Machine(accounts.machine_name)
        try:
            yield
        finally:
            module["socket"] = saved_socket
            if saved_file is None:
                del os.environ["NTLM_USER_FILE"]
            else:
                os.environ["NTLM_USER_FILE"] = saved_file


class NtlmHandshake:
    """One connection's way from the first token to a user and a session key."""

    def __init__(self, accounts: NtlmAccounts, *, channel_binding: ChannelBinding, end_point: bytes | None) -> None:
        """`end_point`: binding data of the TLS channel (RFC 5929); None over plain HTTP, with nothing to bind."""
        self._accounts = accounts
        self._level: ChannelBinding = channel_binding if end_point is not None else "none"
        self._bindings = spnego.channel_bindings.GssChannelBindings(application_data=end_point)
        self.context: spnego.ContextProxy | None = None

    def step(self, token: bytes) -> bytes | None:
        """Answer to a token, if there is one. Raises RefusedError; then the handshake is of no use any more."""
        try:
            with _as_host(self._accounts):
                if self.context is None:
                    self.context = _new_context(token)
                return self.context.step(token, channel_bindings=self._bindings_for(token))
        except (spnego.exceptions.SpnegoError, ValueError, struct.error, IndexError) as error:
            raise LogonRefusedError(str(error)) from error

    def _bindings_for(self, token: bytes) -> spnego.channel_bindings.GssChannelBindings | None:
        if self._level == "none" or not _is_authenticate(token):
            return None
        offered = offered_channel_binding(token)
        if offered is not None and any(offered):  # sixteen zero bytes say "no binding" ([MS-NLMP] 2.2.2.1)
            return self._bindings
        if self._level == "strict":
            raise LogonRefusedError("the client's message is not bound to the TLS channel")
        return None

    @property
    def user(self) -> str | None:
        """The account, once the handshake is complete."""
        if self.context is None or not self.context.complete or self.context.client_principal is None:
            return None
        return self._accounts.account(self.context.client_principal)


def _new_context(token: bytes) -> spnego.ContextProxy:
    if token.startswith(_SIGNATURE):
        return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    return spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)


def _ntlm_message(token: bytes) -> bytes | None:
    """The NTLM message of a token, which SPNEGO carries as it is."""
    start = token.find(_SIGNATURE)
    return token[start:] if start >= 0 else None


def _is_authenticate(token: bytes) -> bool:
    message = _ntlm_message(token)
    return message is not None and int(struct.unpack_from("<I", message, 8)[0]) == _AUTHENTICATE


def offered_channel_binding(token: bytes) -> bytes | None:
    """The hash that an AUTHENTICATE_MESSAGE binds itself to, or None if it holds none (NTLMv1 cannot)."""
    message = _ntlm_message(token)
    if message is None:
        return None
    length, _, offset = struct.unpack_from("<HHI", message, 20)  # NtChallengeResponseFields
    response = message[offset : offset + length]
    position = 44  # NTProofStr of 16 bytes, 28 bytes of NTLMv2_CLIENT_CHALLENGE before its AvPairs
    while position + 4 <= len(response):
        kind, size = struct.unpack_from("<HH", response, position)
        if kind == _AV_CHANNEL_BINDINGS:
            return response[position + 4 : position + 4 + size]
        if kind == 0:  # MsvAvEOL
            return None
        position += 4 + size
    return None
