"""Who calls: the account and, what decides about BITS and the second hop, the kind of logon.

Trouble: the same administrator may do a thing at the console and not over WinRM. Answer: every cmdlet with such a rule
takes the caller. A WinRM call is a network logon ("Making the second hop in PowerShell Remoting"): no BITS jobs, no
credentials for a third machine. A scheduled task of SYSTEM is a service logon and acts on the network as the computer
account ("Service Accounts and BITS").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qsm.facts.names import same_name

SYSTEM_ACCOUNT = r"NT AUTHORITY\SYSTEM"
ADMINISTRATORS = r"BUILTIN\Administrators"


class LogonKind(StrEnum):
    NETWORK = "Network"
    SERVICE = "Service"
    INTERACTIVE = "Interactive"


@dataclass(frozen=True)
class Identity:
    account: str  # e.g. LAB\Administrator, NT AUTHORITY\SYSTEM, LAB\HV2$
    logon: LogonKind
    administrator: bool  # the token holds the Administrators group unfiltered

    @property
    def is_system(self) -> bool:
        return same_name(self.account, SYSTEM_ACCOUNT)


SYSTEM = Identity(SYSTEM_ACCOUNT, LogonKind.SERVICE, administrator=True)
