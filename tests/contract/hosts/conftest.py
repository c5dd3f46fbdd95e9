"""One laboratory per session: two hosts over real sockets, as the product reaches them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts_driver import Caller, Script

from lab.laboratory import Laboratory

_serial = itertools.count(1)


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with Laboratory(Path(tmp_path_factory.mktemp("lab"))).running() as running:
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
        vm = source.host.create_vm(f"{name}-{next(_serial)}", **settings)
        return Script(source, target, vm["vm_id"])

    return make
