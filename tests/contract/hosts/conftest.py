"""One laboratory per session: two hosts over real sockets, as the product reaches them.

QSM_LAB_ENGINE=powershell runs the same tests on the module itself (needs QSM_PWSH, and several times as long).
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts_driver import Caller
from hosts_script import Script

from lab.hyperv import INSTANT
from lab.lab_host import MIB, LabDisk
from lab.lab_settings import HostPlan, LabSettings
from lab.laboratory import Laboratory

_serial = itertools.count(1)


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    timing = dataclasses.asdict(INSTANT)
    hosts = tuple(HostPlan(name=name, timing=timing) for name in ("hv01", "hv02"))
    settings = LabSettings.model_validate({"hosts": hosts, "engine": os.environ.get("QSM_LAB_ENGINE", "python")})
    with Laboratory(Path(tmp_path_factory.mktemp("lab"))).running(settings) as running:
        for name in ("hv01", "hv02"):
            caller = Caller(running, name)
            caller.install()
            caller.close()
        yield running


@pytest.fixture
def source(laboratory: Laboratory) -> Iterator[Caller]:
    caller = Caller(laboratory, "hv01")
    yield caller
    caller.close()
    laboratory.host("hv01").clear_faults()


@pytest.fixture
def target(laboratory: Laboratory) -> Iterator[Caller]:
    caller = Caller(laboratory, "hv02")
    yield caller
    caller.close()
    laboratory.host("hv02").clear_faults()


@pytest.fixture
def make_script(source: Caller, target: Caller) -> Callable[..., Script]:
    """Makes a VM of its own on the source and a migration of it that has not begun."""

    def make(name: str, **settings: Any) -> Script:
        small = {"disks": [LabDisk(size_bytes=16 * MIB)], "memory_bytes": 2 * MIB}
        vm = source.host.create_vm(f"{name}-{next(_serial)}", **{**small, **settings})
        return Script(source, target, vm["vm_id"])

    return make
