"""Requests below the clients' level: raw HTTP, and SOAP written by hand."""

from __future__ import annotations

import base64
import uuid
import xml.etree.ElementTree as ElementTree

import requests
from waiting import DEADLINE_SECONDS

PASSWORD = "pass:Wörd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"


def raw_post(
    session: requests.Session,
    url: str,
    body: bytes,
    *,
    token: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> requests.Response:
    session.trust_env = False
    all_headers = {"Content-Type": "application/soap+xml;charset=UTF-8", **(headers or {})}
    if token is not None:
        all_headers["Authorization"] = f"Negotiate {base64.b64encode(token).decode()}"
    return session.post(url, data=body, headers=all_headers, timeout=DEADLINE_SECONDS)


def parse_xml(text: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own endpoint's answer


def envelope(
    action: str,
    body: str = "",
    *,
    shell_id: str | None = None,
    message_id: str | None = None,
    timeout: str = "PT5S",
    max_envelope: int = 153600,
    resource: str = f"{SHELL}/cmd",
) -> bytes:
    """A request with prefixes that no known client uses."""
    selector = f'<q2:Selector Name="ShellId">{shell_id}</q2:Selector>' if shell_id else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<q0:Envelope xmlns:q0="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:q1="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        f' xmlns:q2="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:q3="{SHELL}"><q0:Header>'
        f"<q1:Action>{action}</q1:Action><q1:MessageID>{message_id or f'uuid:{uuid.uuid4()}'}</q1:MessageID>"
        f"<q2:ResourceURI>{resource}</q2:ResourceURI><q2:MaxEnvelopeSize>{max_envelope}</q2:MaxEnvelopeSize>"
        f"<q2:OperationTimeout>{timeout}</q2:OperationTimeout><q2:SelectorSet>{selector}</q2:SelectorSet></q0:Header>"
        f"<q0:Body>{body}</q0:Body></q0:Envelope>"
    ).encode()
