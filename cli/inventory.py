"""Hosts of the inventory, opened for one command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from qsm.hosts.host import Host
from qsm.migration.migration import opened_hosts
from qsm.settings import Settings, load_settings


def settings_with_passwords(names: Iterable[str]) -> Settings:
    """The settings; Prefect is imported only when one of the hosts keeps its password in a block."""
    settings = load_settings()
    names = list(names)
    if any(settings.host(name).password_block for name in names):
        from tasks.passwords import settings_for

        return settings_for(names)
    return settings


@contextmanager
def opened(names: Iterable[str]) -> Iterator[tuple[dict[str, Host], Settings]]:
    """The hosts by their inventory names; all of the inventory when no name is given. Closed at the end."""
    chosen = [name.lower() for name in names] or list(load_settings().hosts)
    settings = settings_with_passwords(chosen)
    with opened_hosts(chosen, settings) as hosts:
        yield hosts, settings
