"""What the service says of its shells and of itself: bodies of Create's answer and of Get.

Trouble: a client that wants to know a host's limits asks `winrm/config` and expects the host's own numbers.
Answer: they are written here from the same settings that the endpoint enforces.
"""

from __future__ import annotations

import time
from xml.sax.saxutils import escape

from lab.winrm import uris
from lab.winrm.messages import element
from lab.winrm.settings import EndpointSettings
from lab.winrm.shells import Shell


def created_body(shell: Shell, resource_uri: str) -> str:
    """Body of CreateResponse: the selector by which the shell is named from now on, and the shell itself."""
    return (
        f"<x:ResourceCreated>{element('a:Address', uris.ANONYMOUS)}<a:ReferenceParameters>"
        f"{element('w:ResourceURI', resource_uri)}<w:SelectorSet>"
        f"{element('w:Selector', shell.shell_id, Name='ShellId')}"
        f"</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>{shell_body(shell)}"
    )


def shell_body(shell: Shell) -> str:
    """[MS-WSMV] 2.2.4.37."""
    now = time.monotonic()
    fields = {
        "ShellId": shell.shell_id,
        "ResourceUri": uris.SHELL_RESOURCE,
        "Owner": shell.owner,
        "ClientIP": shell.client_address,
        "IdleTimeOut": f"PT{shell.idle_timeout_seconds:.3f}S",
        "InputStreams": "stdin",
        "OutputStreams": "stdout stderr",
        "ShellRunTime": _duration(now - shell.created_at),
        "ShellInactivity": _duration(now - shell.last_used_at),
    }
    return f"<rsp:Shell>{''.join(element(f'rsp:{name}', value) for name, value in fields.items())}</rsp:Shell>"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"P{days}DT{hours}H{minutes}M{seconds}S"


def config_body(settings: EndpointSettings) -> str:
    """The part of [MS-WSMV] 2.2.4.10 ConfigType that this service has."""
    quotas = settings.quotas
    return (
        f'<cfg:Config xmlns:cfg="{uris.CONFIG}">'
        + _written(
            {
                "MaxEnvelopeSizekb": quotas.max_envelope_kb,
                "MaxTimeoutms": quotas.max_timeout_ms,
                "Service": {
                    "MaxConcurrentOperationsPerUser": quotas.max_concurrent_operations_per_user,
                    "AllowUnencrypted": settings.allow_unencrypted,
                    "Auth": {
                        "Basic": settings.allow_basic,
                        "Kerberos": False,
                        "Negotiate": True,
                        "Certificate": settings.client_ca is not None,
                        "CredSSP": False,
                        "CbtHardeningLevel": settings.channel_binding.capitalize(),
                    },
                },
                "Winrs": {
                    "AllowRemoteShellAccess": True,
                    "IdleTimeout": int(quotas.shell_idle_timeout_seconds * 1000),
                    "MaxProcessesPerShell": quotas.max_processes_per_shell,
                    "MaxShellsPerUser": quotas.max_shells_per_user,
                },
            }
        )
        + "</cfg:Config>"
    )


Value = str | bool | int | dict[str, "Value"]


def _written(values: dict[str, Value]) -> str:
    return "".join(f"<cfg:{name}>{_content(value)}</cfg:{name}>" for name, value in values.items())


def _content(value: Value) -> str:
    if isinstance(value, dict):
        return _written(value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
