"""Settings with the passwords that lie in Prefect Secret blocks. Blocks are resolved by name, here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from prefect.blocks.system import Secret
from pydantic import SecretStr

from qsm.errors import SettingsError
from qsm.settings import Settings, load_settings


def settings_for(hosts: Iterable[str]) -> Settings:
    """The settings, with the password blocks of these hosts loaded. Raises SettingsError."""
    settings = load_settings()
    resolved = dict(settings.hosts)
    for name in hosts:
        host = settings.host(name)
        if host.password is None and host.password_block is not None:
            password = SecretStr(_load(host.password_block, name))
            resolved[name.lower()] = host.model_copy(update={"password": password})
    return settings.model_copy(update={"hosts": resolved})


def _load(block: str, host: str) -> str:
    try:
        return str(Secret.load(block).get())  # type: ignore[union-attr]
    except ValueError as error:
        raise SettingsError(
            f"hosts.{host}.password_block", f"no Secret block {block!r} ({error})", origin="Prefect"
        ) from None
