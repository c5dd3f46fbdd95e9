"""Remove what no migration needs: ended migrations' folders and old modules. Unfinished and held ones stay."""

from __future__ import annotations

from qsm.hosts import messages as m
from qsm.hosts import operations
from qsm.hosts.host import Call, Host


def clean_host(host: Host) -> m.CleanHostResult:
    """What was removed from one host, and what is still needed. Raises what a changing call raises."""
    result, _ = host.change(operations.clean_host, m.Nothing(), call=Call())
    return result
