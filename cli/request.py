"""The options of `qsm migrate` and `qsm check vm` as a request."""

from __future__ import annotations

import typer

from qsm.plan.checkpoint_choice import CheckpointChoice
from qsm.plan.pin_mac import PinMac
from qsm.plan.request import MigrationRequest, SwitchPair
from qsm.plan.state_transfer import StateTransfer
from qsm.settings import load_settings


def request_of(
    vm: str,
    source: str,
    target: str,
    *,
    target_folder: str,
    switches: list[str] | None,
    transfer: StateTransfer,
    pin_mac: PinMac,
    checkpoint_type: CheckpointChoice,
    keep_source: bool,
    window_wait_minutes: int = 60,
    open_gate: str = "",
) -> MigrationRequest:
    """The request of the options; names of hosts and nonsense are found before any host is asked."""
    try:
        pairs = tuple(SwitchPair.parse(text) for text in switches or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--switch") from None
    request = MigrationRequest(
        vm=vm, source=source, target=target, target_folder=target_folder, switch_map=pairs, state_transfer=transfer,
        pin_mac=pin_mac, checkpoint_type=checkpoint_type, keep_source=keep_source,
        window_wait_minutes=window_wait_minutes, open_gate=open_gate,
    )  # fmt: skip
    settings = load_settings()
    for name in (source, target):
        settings.host(name)
    return request
