"""Two hosts of the laboratory for a file of tests: the one that the tests are about, and another one to copy from."""

from __future__ import annotations

from pathlib import Path

from engine import EngineSession
from lab_host import VOLUMES, EngineHost, create_platform
from waiting import wait_until

from lab.platform.identity import SYSTEM
from lab.platform.platform import Platform
from lab.platform.tasks import TaskState

ACCOUNT = "LAB\\HV02$"
"""Of the other host."""
SWITCHES = ("LAN", "DMZ")
SHARE = "copies$"
"""Of the other host: what copies come from."""


class Hosts:
    """The host of a file of tests with a process that has the module, and the other host's files and shares."""

    def __init__(self, folder: Path, **facts: object) -> None:
        self.host = EngineHost(folder, **facts)  # type: ignore[arg-type]
        for switch in SWITCHES[1:]:
            self.host.hyperv.new_vm_switch(switch)
        create_platform(folder, "HV02", address="127.0.0.2")
        self.peer = Platform(folder / "HV02", lab_folder=folder)
        self.peer.boot()
        self.peer.files.make_folder("D:\\share")
        self.peer.shares.new_smb_share(SHARE, "D:\\share", read_access=("LAB\\HV01$",), temporary=True)
        self.facts = self.host.platform.accounts.settings
        self.session = self.host.session()
        self._of_system: EngineSession | None = None

    @property
    def of_system(self) -> EngineSession:
        """A process of the account SYSTEM: what runs in a task, called by hand."""
        if self._of_system is None:
            self._of_system = self.host.session(identity=SYSTEM)
        return self._of_system

    def close(self) -> None:
        self.host.close()
        self.peer.shutdown()

    def reset(self) -> None:
        """Leaves nothing of a test."""
        host = self.host
        host.faults.clear()
        if host.platform.tasks.runner is host.tasks:  # which goes on now, and says at its end which statements ran
            tasks = host.platform.tasks.get_scheduled_task
            wait_until(lambda: all(task.state is TaskState.READY for task in tasks()), what="the end of tasks")
        host.platform.tasks.runner = host.tasks
        for task in host.platform.tasks.get_scheduled_task():
            host.platform.tasks.stop_scheduled_task(task.name, path=task.path)
            host.platform.tasks.unregister_scheduled_task(task.name, path=task.path)
        for job in host.platform.bits.get_bits_transfer(caller=SYSTEM):
            host.platform.bits.remove_bits_transfer(job.job_id, caller=SYSTEM)
        wait_until(lambda: not host.hyperv.get_merge_jobs(), what="the end of merges")
        for vm in (*host.hyperv.get_vms(), *host.hyperv.get_planned_vms()):
            host.hyperv.show_vm_as(vm.vm_id)
            if host.hyperv.get_vm_process_id(vm.vm_id) is not None:
                host.hyperv.stop_vm(vm.vm_id, turn_off=True)
            host.hyperv.remove_vm(vm.vm_id)
        for share in host.platform.shares.get_smb_share(special=False):
            host.platform.shares.remove_smb_share(share.name)
        for volume in host.platform.files.volumes.all():
            if volume.root not in VOLUMES:
                host.platform.files.volumes.remove(volume.root)
        for root, capacity in VOLUMES.items():
            host.platform.files.volumes.set_capacity(root, capacity)
        for switch in host.hyperv.get_vm_switch():
            if switch.name not in SWITCHES:
                host.hyperv.remove_vm_switch(switch.name)
        host.platform.accounts.change(**self.facts.model_dump())
        host.platform.links.restore("HV01", "HV02")
