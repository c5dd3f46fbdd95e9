"""What a host must have, and what two hosts must have between them: one list, each line with its repair.

Three users read it: the first contact (`qsm.hosts.preparation`: the lines that the probe can answer, before the module
runs), preflight (a line that is not met is a reason) and `qsm check hosts` (every line, met or not). A new line stands in
all three, with the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from qsm.facts.hosts import HostFacts

RUNS_NO_MODULE = ("AllSigned", "Restricted")
"""Execution policies under which a file that is not signed does not run."""
OLDEST_POWERSHELL = 4
"""The module's grammar, and Get-FileHash, are those of Windows PowerShell 4.0 (Windows Server 2012 R2)."""
LEAST_SHELLS, LEAST_PROCESSES, LEAST_MEMORY_MB = 5, 5, 512
"""Defaults since 2012 are 30, 25 and 1024; 0 means that the account may not read them."""


class FirstFacts(Protocol):
    """What the probe reports, and `get_host` too."""

    @property
    def powershell_version(self) -> str: ...
    @property
    def language_mode(self) -> str: ...
    @property
    def execution_policy(self) -> str: ...
    @property
    def administrator(self) -> bool: ...


@dataclass(frozen=True)
class PairFacts:
    """What was asked for a target that reads the source's shares."""

    source: str
    target: str
    account: str | None
    """the target's computer account; None in a workgroup, which the target's own line says"""
    sid: str | None
    """of this account, as the source resolves it"""
    smb_name: str
    smb_reachable: bool


Facts_contra = TypeVar("Facts_contra", contravariant=True)


@dataclass(frozen=True)
class HostNeed(Generic[Facts_contra]):
    """One line. `problem` is a clause about the named host (or hosts), `repair` what to do, both without a full stop."""

    point: str
    met: Callable[[Facts_contra], bool]
    found: Callable[[Facts_contra], str]
    problem: Callable[[str, Facts_contra], str]
    repair: Callable[[Facts_contra], str]


def unmet(needs: Sequence[HostNeed[Facts_contra]], facts: Facts_contra) -> Iterator[HostNeed[Facts_contra]]:
    """The lines that are not met, in their order."""
    return (need for need in needs if not need.met(facts))


def reasons(needs: Sequence[HostNeed[Facts_contra]], facts: Facts_contra, *, host: str = "") -> Iterator[str]:
    """A clause for each line that is not met, with its repair."""
    return (f"{need.problem(host, facts)}; {need.repair(facts)}" for need in unmet(needs, facts))


def _major(version: str) -> int:
    major = version.partition(".")[0]
    return int(major) if major.isdigit() else 0


def _quotas(host: HostFacts) -> str:
    return (
        f"{host.max_shells_per_user} shells, {host.max_processes_per_shell} processes,"
        f" {host.max_memory_per_shell_mb} MB a shell"
    )


# Order counts: outside of FullLanguage the probe cannot answer the other questions.
FIRST: tuple[HostNeed[FirstFacts], ...] = (
    HostNeed(
        "language mode",
        met=lambda facts: facts.language_mode == "FullLanguage",
        found=lambda facts: facts.language_mode,
        problem=lambda host, facts: (
            f"host {host} runs PowerShell in language mode {facts.language_mode}; FullLanguage is needed"
        ),
        repair=lambda _: (
            "a policy of AppLocker or Windows Defender Application Control sets it: take the account out of that policy"
        ),
    ),
    HostNeed(
        "execution policy",
        met=lambda facts: facts.execution_policy not in RUNS_NO_MODULE,
        found=lambda facts: facts.execution_policy,
        problem=lambda host, facts: (
            f"a Group Policy sets PowerShell's execution policy on host {host} to {facts.execution_policy}, under which"
            " the module does not run: its files are not signed"
        ),
        repair=lambda _: (
            "let the policy 'Turn on Script Execution' allow local scripts (RemoteSigned) on this host"
        ),
    ),
    HostNeed(
        "PowerShell",
        met=lambda facts: _major(facts.powershell_version) >= OLDEST_POWERSHELL,
        found=lambda facts: facts.powershell_version,
        problem=lambda host, facts: (
            f"host {host} has PowerShell {facts.powershell_version}; {OLDEST_POWERSHELL}.0 or later is needed"
        ),
        repair=lambda _: "use Windows Server 2012 R2 or later, which has it",
    ),
    HostNeed(
        "unfiltered administrator",
        met=lambda facts: facts.administrator,
        found=lambda facts: "yes" if facts.administrator else "the token is filtered",
        problem=lambda host, _: f"the account for host {host} has no administrator's rights there: the token is filtered",
        repair=lambda _: (
            "the account must belong to Administrators; a local account needs LocalAccountTokenFilterPolicy = 1 besides"
            " (docs/hosts.md, 'Account')"
        ),
    ),
)  # fmt: skip
"""What the module cannot run without."""

OF_HOST: tuple[HostNeed[HostFacts], ...] = (
    *FIRST,
    HostNeed(
        "BITS service",
        met=lambda facts: facts.bits_start_mode.lower() != "disabled",
        found=lambda facts: facts.bits_start_mode,
        problem=lambda host, _: f"on host {host} the BITS service is disabled",
        repair=lambda _: "Set-Service BITS -StartupType Manual",
    ),
    HostNeed(
        "WinRM quotas",
        met=lambda facts: (
            facts.max_shells_per_user >= LEAST_SHELLS
            and facts.max_processes_per_shell >= LEAST_PROCESSES
            and facts.max_memory_per_shell_mb >= LEAST_MEMORY_MB
        ),
        found=_quotas,
        problem=lambda host, facts: (
            f"WinRM of host {host} allows {_quotas(facts)};"
            f" {LEAST_SHELLS}, {LEAST_PROCESSES} and {LEAST_MEMORY_MB} are needed"
        ),
        repair=lambda _: (
            "winrm set winrm/config/winrs"
            " '@{MaxShellsPerUser=\"30\";MaxProcessesPerShell=\"25\";MaxMemoryPerShellMB=\"1024\"}'"
        ),
    ),
    HostNeed(
        "Hyper-V",
        met=lambda facts: facts.hyperv,
        found=lambda facts: "yes" if facts.hyperv else "its module does not answer",
        problem=lambda host, _: f"on host {host} Hyper-V's PowerShell module does not answer",
        repair=lambda _: "Install-WindowsFeature Hyper-V, Hyper-V-PowerShell",
    ),
    HostNeed(
        "domain",
        met=lambda facts: facts.computer_account is not None,
        found=lambda facts: facts.computer_account or "workgroup",
        problem=lambda host, _: (
            f"host {host} is in a workgroup, and the target's computer account must read the source's shares"
        ),
        repair=lambda _: "both hosts must be in one domain, or in domains that trust each other",
    ),
)  # fmt: skip
"""All that one host must have."""

OF_PAIR: tuple[HostNeed[PairFacts], ...] = (
    HostNeed(
        "computer account",
        met=lambda pair: pair.account is None or pair.sid is not None,
        found=lambda pair: f"{pair.account}: {pair.sid or 'unknown to the source'}",
        problem=lambda _, pair: (
            f"host {pair.source} does not know the computer account {pair.account}, which must read the disks"
        ),
        repair=lambda _: "both hosts must be in one domain, or in domains that trust each other",
    ),
    HostNeed(
        "SMB",
        met=lambda pair: pair.smb_reachable,
        found=lambda pair: f"{pair.smb_name} TCP 445: {'answers' if pair.smb_reachable else 'no answer'}",
        problem=lambda _, pair: (
            f"host {pair.target} does not reach the shares of host {pair.source} at {pair.smb_name}"
        ),
        repair=lambda pair: f"open TCP 445 on host {pair.source} for host {pair.target}",
    ),
)
"""What the way of the files from source to target needs."""
