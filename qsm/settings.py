"""Process configuration, read in one place.

Order: environment variables ``QSM_*`` (nested keys with two underscores, ``QSM_HOSTS__HV01__PASSWORD``) over the TOML
file that ``QSM_CONFIG`` names, else ``./qsm.toml``. What one migration does is no setting: that is a parameter of the
flow. Passwords are SecretStr; they come from the environment, from a file of their own, or from a Prefect Secret block
that is named here and resolved in ``tasks/`` (this package does not know Prefect).
"""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariable

from qsm.errors import SettingsError
from qsm.plan.windows import AgreedWindow

TEXT = "utf-8-sig"
"""UTF-8, with or without the mark that editors on Windows put before it."""
MIB = 1 << 20
GIB = 1 << 30


def _at_home(path: Path) -> Path:
    """`~` is the user's home, as at a prompt; where nobody knows that, the path stays as it is."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


LocalPath = Annotated[Path, AfterValidator(_at_home)]
"""A path on the machine that this process runs on."""


class HostSettings(BaseModel):
    """How one Hyper-V host is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(min_length=1, description="name or IP that the certificate carries")
    port: int = Field(default=5986, ge=1, le=65535)
    transport: Literal["ntlm", "certificate", "basic", "kerberos"] = "ntlm"
    user: str = ""
    password: SecretStr | None = None
    password_file: LocalPath | None = None
    password_block: str | None = Field(default=None, description="name of a Prefect Secret block")
    certificate_file: LocalPath | None = Field(
        default=None, description="client certificate, PEM, for transport certificate"
    )
    certificate_key_file: LocalPath | None = None
    tls: bool = Field(default=True, description="false: HTTP, allowed for ntlm and kerberos, which seal each message")
    verify_tls: bool = True
    ca_file: LocalPath | None = Field(default=None, description="CA bundle, PEM; None: the system's")
    smb_name: str | None = Field(
        default=None, description="name under which other hosts reach its shares; None: its FQDN"
    )

    @model_validator(mode="after")
    def _complete(self) -> HostSettings:
        if self.transport == "certificate":
            if self.certificate_file is None or self.certificate_key_file is None:
                raise ValueError("transport certificate needs certificate_file and certificate_key_file")
            if not self.tls:
                raise ValueError("transport certificate needs tls")
        elif not self.user:
            raise ValueError(f"transport {self.transport} needs user")
        if self.transport == "basic" and not self.tls:
            raise ValueError("transport basic without tls would send the password in clear")
        return self

    def secret(self) -> SecretStr:
        """The password; an empty one for transports that need none. Raises ValueError when it is nowhere."""
        if self.password is not None:
            return self.password
        if self.password_file is not None:
            return SecretStr(self.password_file.read_text(encoding=TEXT).rstrip("\r\n"))
        if self.transport in ("certificate", "kerberos"):
            return SecretStr("")
        raise ValueError("no password: set password in the environment, password_file, or password_block")


class TimeLimits(BaseModel):
    """Longest waits, in seconds. Reaching one is a failure, never a guess."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connect_seconds: int = Field(default=30, ge=1)
    receive_seconds: int = Field(
        default=20, ge=1, le=60, description="how long one request waits for output; then it is asked again"
    )
    unreachable_seconds: int = Field(default=120, ge=1, description="how long a host may be silent before a step fails")
    logon_pause_seconds: float = Field(
        default=2.0,
        gt=0,
        le=30,
        description="before a logon that has worked before is tried again; then twice, four times it",
    )
    stdin_probe_seconds: int = Field(
        default=15, ge=1, description="for the answer to input that reaches a running process"
    )
    copy_stall_seconds: int = Field(default=600, ge=5, description="a copy that moves no byte for so long has failed")
    merge_seconds: int = Field(default=6 * 3600, ge=1)
    guest_shutdown_seconds: int = Field(default=600, ge=1, le=3500)
    checkpoint_removal_seconds: int = Field(default=6 * 3600, ge=1)


class Settings(BaseSettings):
    """All settings. Build it with `load_settings`, which names the key and the file of a wrong one."""

    model_config = SettingsConfigDict(
        env_prefix="QSM_", env_nested_delimiter="__", extra="forbid", frozen=True, case_sensitive=False
    )

    hosts: dict[str, HostSettings] = Field(
        default_factory=dict, description="inventory, by the name used in parameters"
    )
    reserve_bytes: int = Field(default=10 * GIB, ge=0, description="free space that every volume must keep at any time")
    memory_slack_percent: int = Field(default=10, ge=0, description="added to the VM's memory for its saved state")
    poll_seconds: float = Field(
        default=5.0, gt=0, le=60, description="longest wait inside one poll of a running copy or merge"
    )
    report_folder: LocalPath = Field(default=Path("reports"), description="where the JSON report of a migration goes")
    limits: TimeLimits = Field(default_factory=TimeLimits)
    windows: dict[str, AgreedWindow] = Field(default_factory=dict, description="agreed windows, by name")
    cutover_allowance_seconds: int = Field(
        default=120, ge=0, description="added to the time that a cutover's bytes take, when its end is predicted"
    )

    def host(self, name: str) -> HostSettings:
        """The host of that name, in any case. Raises SettingsError."""
        found = self.hosts.get(name.lower())
        if found is None:
            known = ", ".join(sorted(self.hosts)) or "none"
            raise SettingsError(
                f"hosts.{name}", f"no such host in the inventory (known: {known})", origin=str(configuration_file())
            )
        return found

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file; the file's content arrives as the initial values."""
        return env_settings, init_settings


def configuration_file() -> Path:
    """The file that counts: the one that QSM_CONFIG names, else ./qsm.toml."""
    return _at_home(Path(os.environ.get("QSM_CONFIG") or "qsm.toml"))


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        if os.environ.get("QSM_CONFIG"):
            raise SettingsError("QSM_CONFIG", "names a file that does not exist", origin=str(path))
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding=TEXT))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("the file", f"is not TOML: {error}", origin=str(path)) from error
    hosts = content.get("hosts")
    if isinstance(hosts, dict):  # names of environment variables have no case, so those of hosts cannot have one
        content["hosts"] = {name.lower(): host for name, host in hosts.items()}
    return content


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Reads environment and file once per process. Raises SettingsError with key and file."""
    path = configuration_file()
    content = _read_file(path)
    try:
        return Settings(**content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "(top level)"
        problem = str(first["msg"]).removeprefix("Value error, ")
        origin = _origin(first["loc"], path)
        raise SettingsError(key, problem, origin=origin) from None
    except UnreadableVariable as error:  # a whole section is given as JSON
        raise SettingsError(
            "environment", f"{error}: {error.__cause__}", origin="environment variables QSM_*"
        ) from None


def _origin(location: tuple[int | str, ...], path: Path) -> str:
    """Where the wrong value came from: an environment variable of that name, else the file."""
    variable = "QSM_" + "__".join(str(part) for part in location).upper()
    names = {name.upper() for name in os.environ}
    return f"environment variable {variable}" if variable in names else str(path)
