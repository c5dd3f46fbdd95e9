"""Whether a VM's processor state fits another host, asked without bringing the two together.

`GetSystemCompatibilityInfo` gives an opaque value on the one host, `CheckSystemCompatibilityInfo` judges it on the other:
so the question can be answered before anything is copied, by two hosts that cannot reach each other.
"""

from __future__ import annotations

import json

from lab.hyperv.configuration import SavedState
from lab.hyperv.core import Core
from lab.hyperv.errors import (
    ERROR_INVALID_PARAMETER,
    RETURN_INVALID_PARAMETER,
    RETURN_NOT_COMPATIBLE,
    ErrorCategory,
    HyperVError,
)
from lab.hyperv.machine import Machine
from lab.hyperv.processors import saved_on, why_not_restorable
from qsm.facts.states import VMState

_HEADER = b"LAB COMPATIBILITY 1\n"


def describe(core: Core, machine: Machine) -> bytes:
    """GetSystemCompatibilityInfo. A VM that is off has no processor state to fit."""
    state = machine.configuration.saved or (None if machine.state is VMState.OFF else saved_on(core, machine))
    needs = None if state is None else vars(state)
    return _HEADER + json.dumps({"version": machine.configuration.version, "needs": needs}).encode()


def check(core: Core, info: bytes) -> tuple[int, tuple[str, ...]]:
    """CheckSystemCompatibilityInfo."""
    try:
        if not info.startswith(_HEADER):
            raise ValueError("no compatibility information")
        facts = json.loads(info[len(_HEADER) :])
        state = None if facts["needs"] is None else SavedState(**facts["needs"])
        version = str(facts["version"])
    except (ValueError, KeyError, TypeError) as error:
        what = f"{core.host.name} cannot read the compatibility information: {error}."
        raise HyperVError(
            ERROR_INVALID_PARAMETER, ErrorCategory.INVALID_PARAMETER, what, return_code=RETURN_INVALID_PARAMETER
        ) from error
    reasons = [] if state is None else [reason for reason in [why_not_restorable(core, state)] if reason]
    if version not in core.host.supported_vm_versions:
        reasons.append(f"The configuration version {version} is not supported on {core.host.name}.")
    return (RETURN_NOT_COMPATIBLE, tuple(reasons)) if reasons else (0, ())
