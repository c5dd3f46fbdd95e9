"""Hyper-V of a lab host, at the level of its cmdlets: `HyperV` and the values that it takes and gives."""

from lab.hyperv.errors import ErrorCategory, HyperVError
from lab.hyperv.hosts import vm_host
from lab.hyperv.service import HyperV
from lab.hyperv.timing import INSTANT, Timing

__all__ = ["INSTANT", "ErrorCategory", "HyperV", "HyperVError", "Timing", "vm_host"]
