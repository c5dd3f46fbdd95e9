"""What no cmdlet can do to a VM or to Hyper-V, and the world does: arranged by a test, to see what comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from lab.hyperv import changing
from lab.hyperv.core import Core, normal_id
from lab.hyperv.model import DeviceKind, VirtualMachine, VMSecurity
from lab.hyperv.service_errors import raises_hyperv_errors
from qsm.facts.states import VMOperationalStatus


class Arranging:
    """Needs `_core`."""

    _core: Core

    @raises_hyperv_errors
    def arrange_vm(
        self,
        vm_id: str,
        *,
        is_clustered: bool | None = None,
        replication_mode: str | None = None,
        devices: dict[DeviceKind, tuple[str, ...]] | None = None,
        security: VMSecurity | None = None,
        busy_with: VMOperationalStatus | None = None,
        unanswered: Sequence[str] | None = None,
        merge_disabled: bool | None = None,
        production_checkpoint_fails: bool | None = None,
        guest_ignores_shutdown: bool | None = None,
        guest_refuses_shutdown: bool | None = None,
        shutdown_component: str | None = None,
        export_omits: str | None = None,
        export_written_seconds: float | None = None,
    ) -> VirtualMachine:
        """Not a cmdlet: make a VM what no migration could, to see it refused.

        `busy_with`: a backup, say (OK ends it). `unanswered`: cmdlets that fail for it ("Get-VMSecurity").
        `export_omits`: extension of a file that its exports lack. `export_written_seconds`: VMMS writes that long after one.
        `merge_disabled`: merges wait (Msvm_DiskMergeSettingData.EnabledState 0).
        """
        core = self._core
        machine = core.find(vm_id)
        with core.changed:
            if busy_with is not None:
                machine.arranged_activity = None if busy_with is VMOperationalStatus.OK else busy_with
            changing.change_settings(
                core,
                vm_id,
                is_clustered=is_clustered,
                replication_mode=replication_mode,
                devices=devices,
                security=security,
                unanswered=None if unanswered is None else tuple(unanswered),
                merge_disabled=merge_disabled,
                production_checkpoint_fails=production_checkpoint_fails,
                guest_ignores_shutdown=guest_ignores_shutdown,
                guest_refuses_shutdown=guest_refuses_shutdown,
                shutdown_component=shutdown_component,
                export_omits=export_omits,
                export_written_seconds=export_written_seconds,
            )
            if not machine.planned:
                core.merge_waiting(machine)
        return core.show(machine)

    def arrange_service(self, *, answers: bool) -> None:
        """Not a cmdlet: the service vmms stops, and with it every answer; VMs run on. Then it starts again."""
        with self._core.changed:
            self._core.service_answers = answers
            self._core.touch()

    def arrange_storage(self, vm_id: str, *, lost: bool, listed: bool = True) -> None:
        """Not a cmdlet: the drive with a VM's configuration is lost, or back. `listed`: whether WMI lists it meanwhile."""
        with self._core.changed:
            machine = self._core.machines[normal_id(vm_id)]
            machine.storage_lost, machine.listed = lost, listed
            self._core.touch()
