"""Each way to log on, end to end with the product: the same question to a real endpoint over TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from lab.laboratory import Laboratory
from lab.settings import HostPlan, LabSettings
from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.hosts.meter import Meter
from qsm.migration.migration import open_host
from qsm.settings import load_settings


@pytest.mark.parametrize("transport", ["ntlm", "basic", "certificate"])
@pytest.mark.parametrize("input_at_end", [False, True], ids=["streaming", "process per call"])
def test_a_host_answers(
    transport: Literal["ntlm", "basic", "certificate"],
    input_at_end: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = HostPlan(name="hv01", endpoint={"stdin_only_at_end": input_at_end})
    with Laboratory(tmp_path / "lab").running(LabSettings(hosts=(plan,), transport=transport)) as laboratory:
        monkeypatch.setenv("QSM_CONFIG", str(laboratory.settings_file))
        monkeypatch.setenv("QSM_LIMITS__STDIN_PROBE_SECONDS", "3")
        load_settings.cache_clear()
        host = open_host("hv01", load_settings(), meter=Meter())
        try:
            assert host.ask(operations.get_host, m.GetHostArguments()).computer_name.casefold() == "hv01"
            host.warm_up()
            assert host.ask(operations.get_vm, m.GetVMArguments(name_or_id="nobody")).matches == ()
        finally:
            host.close()
            load_settings.cache_clear()
