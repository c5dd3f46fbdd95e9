"""What somebody who asks is told of a VM, whatever it is: levers of the laboratory, no cmdlets.

Some answers no act of the laboratory brings about, or only for an instant: a VM that is Starting, one whose disk somebody
swapped, memory of a save long ago. Who must cope with them needs them to stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lab.hyperv.core import Core
from lab.hyperv.model import VirtualMachine
from lab.hyperv.processors import saved_on
from lab.hyperv.service_errors import raises_hyperv_errors
from qsm.facts.states import VMState


class Appearances:
    """Needs `_core`."""

    _core: Core

    @raises_hyperv_errors
    def show_vm_as(self, vm_id: str, **fields: Any) -> VirtualMachine:
        """Have these fields of `VirtualMachine` told instead of the true ones, until called again; none: the truth.

        Drives get their ids by their slots, like true ones."""
        machine = self._core.find(vm_id)
        with self._core.changed:
            machine.shown_as = fields
            self._core.touch()
        return self._core.show(machine)

    @raises_hyperv_errors
    def lay_saved_state(self, vm_id: str, memory: bytes) -> VirtualMachine:
        """Have a VM that is off be Saved, with these bytes as its memory: no guest wrote them, and none can read them."""
        core = self._core
        machine = core.find(vm_id)
        for path in machine.files_of_saved_state():
            core.host_path(path).parent.mkdir(exist_ok=True)
            core.host_path(path).write_bytes(memory)
        core.change(machine, replace(machine.configuration, saved=saved_on(core, machine)))
        core.set_state(machine, VMState.SAVED)
        return core.show(machine)
