"""Two hosts of one lab, HV1 and HV2, with a share on HV1 from which HV2 may fetch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from waiting import wait_until

from lab.platform.accounts import WindowsFacts
from lab.platform.acl import Right
from lab.platform.bits import BitsJob, JobState
from lab.platform.errors import PlatformError
from lab.platform.identity import SYSTEM
from lab.platform.platform import Platform

HV2_ACCOUNT = r"LAB\HV2$"
GIBIBYTE = 1 << 30
MEGABYTE = 1 << 20


@dataclass
class TwoHosts:
    folder: Path
    hv1: Platform
    hv2: Platform

    def new(self, name: str) -> Platform:
        """Another object for the same host: what a reboot finds."""
        return Platform(self.folder / name, lab_folder=self.folder)

    def share_file(self, name: str, data: bytes) -> str:
        r"""A file in D:\VMs of HV1, readable by HV2 over ``\\HV1\vms$``; its UNC path."""
        self.hv1.files.make_folder(r"D:\VMs")
        self.hv1.files.write_bytes(rf"D:\VMs\{name}", data)
        if not self.hv1.shares.get_smb_share("vms$"):
            self.hv1.shares.new_smb_share("vms$", r"D:\VMs", read_access=(HV2_ACCOUNT,), temporary=True)
        self.hv1.acl.grant(rf"D:\VMs\{name}", HV2_ACCOUNT, Right.READ)
        return rf"\\HV1\vms$\{name}"

    def start(self, source: str, destination: str = r"D:\Copy\base.vhdx") -> str:
        """An asynchronous job of SYSTEM on HV2; its id."""
        self.hv2.files.make_folder(r"D:\Copy")
        job = self.hv2.bits.start_bits_transfer(
            source, destination, caller=SYSTEM, asynchronous=True, retry_interval_seconds=60, retry_timeout_seconds=3600
        )
        assert job is not None
        return job.job_id

    def job(self, job_id: str) -> BitsJob:
        (job,) = self.hv2.bits.get_bits_transfer(caller=SYSTEM, job_id=job_id)
        return job

    def wait_for(self, job_id: str, *states: JobState) -> BitsJob:
        """The job once it is in one of the states; a job in another final state fails at once."""
        wait_until(
            lambda: self.job(job_id).state in (*states, JobState.ERROR, JobState.TRANSFERRED),
            what=lambda: f"one of {states}, is {self.job(job_id)}",
        )
        job = self.job(job_id)
        assert job.state in states, job
        return job


def create_host(lab_folder: Path, name: str, **settings: object) -> Platform:
    facts = WindowsFacts.model_validate(
        {"computer_name": name, "bits_seconds_scale": 0.005, "smb_timeout_seconds": 1.0, **settings}
    )
    Platform.create(lab_folder / name, settings=facts, volumes={"D:\\": GIBIBYTE})
    return Platform(lab_folder / name, lab_folder=lab_folder)


@contextmanager
def refused(hresult: int, *, match: str | None = None) -> Iterator[None]:
    """The block fails with just that HRESULT, and a message in which ``match`` is found."""
    with pytest.raises(PlatformError, match=match) as caught:
        yield
    assert hex(caught.value.hresult) == hex(hresult), caught.value
