"""SOAP envelopes of WS-Management: reading requests, building answers and faults.

Trouble: every client writes its own prefixes, attributes with or without namespace, and booleans in its own
spelling. Answer: requests are read by namespace and tolerant of spelling; answers are written with the
prefixes and the order that Windows hosts use, since clients were written against those.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from lab.winrm import soap_faults, uris
from lab.winrm.soap_faults import SoapFault

SMALLEST_ENVELOPE_BYTES = 8192
"""[MS-WSMAN] 3.1.4.1.9."""

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)

_DECLARATIONS = "".join(
    f' xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("s", uris.SOAP),
        ("a", uris.ADDRESSING),
        ("x", uris.TRANSFER),
        ("w", uris.WSMAN),
        ("rsp", uris.SHELL),
        ("p", uris.MICROSOFT_WSMAN),
    )
)


class UnreadableError(Exception):
    """The body is not a SOAP envelope: answered with HTTP 400 and no body."""


@dataclass(frozen=True)
class Request:
    """One WS-Management request, before anyone looked into its body."""

    action: str
    message_id: str
    """Echoed exactly in RelatesTo: clients compare it."""
    resource_uri: str
    selectors: Mapping[str, str]
    options: Mapping[str, str]
    operation_timeout: str | None
    max_envelope_bytes: int | None
    body: ElementTree.Element | None
    """First child of the SOAP body."""

    @property
    def shell_id(self) -> str | None:
        return self.selectors.get("ShellId")

    def operation_timeout_seconds(self, *, longest: float) -> float:
        """How long the client lets this operation take, capped; `longest` if it does not say.

        Raises SoapFault 2150858767 for a value that is no duration.
        """
        if self.operation_timeout is None:
            return longest
        seconds = duration_seconds(self.operation_timeout)
        if seconds is None:
            raise soap_faults.invalid_timeout(self.operation_timeout)
        return min(seconds, longest)


def parse_request(envelope: bytes) -> Request:
    """Read a request. Raises UnreadableError (not SOAP), SoapFault 2150858817 (a needed header is missing)."""
    if b"<!DOCTYPE" in envelope:  # SOAP 1.2 part 1, section 5, forbids document types
        raise UnreadableError("document type declaration")
    try:
        root = ElementTree.fromstring(envelope)  # noqa: S314 - without document type there are no entities
    except ElementTree.ParseError as error:
        raise UnreadableError(str(error)) from error
    header, body = root.find(f"{{{uris.SOAP}}}Header"), root.find(f"{{{uris.SOAP}}}Body")
    if header is None or body is None:
        raise UnreadableError("no SOAP header or body")
    size = _text(header, uris.WSMAN, "MaxEnvelopeSize")
    return Request(
        action=_needed(header, uris.ADDRESSING, "Action"),
        message_id=_needed(header, uris.ADDRESSING, "MessageID"),
        resource_uri=_needed(header, uris.WSMAN, "ResourceURI"),
        selectors=_named_values(header, "SelectorSet", "Selector"),
        options={name.upper(): value for name, value in _named_values(header, "OptionSet", "Option").items()},
        operation_timeout=_text(header, uris.WSMAN, "OperationTimeout"),
        max_envelope_bytes=int(size) if size and size.isdecimal() else None,
        body=body[0] if len(body) else None,
    )


def _text(parent: ElementTree.Element, namespace: str, name: str) -> str | None:
    text = parent.findtext(f"{{{namespace}}}{name}")
    return text.strip() if text is not None else None


def _needed(header: ElementTree.Element, namespace: str, name: str) -> str:
    text = _text(header, namespace, name)
    if not text:
        raise soap_faults.schema_error(f"The header {name} is missing. ")
    return text


def _named_values(header: ElementTree.Element, set_name: str, item_name: str) -> dict[str, str]:
    items = header.iterfind(f"{{{uris.WSMAN}}}{set_name}/{{{uris.WSMAN}}}{item_name}")
    return {item.get("Name", ""): (item.text or "").strip() for item in items}


def duration_seconds(text: str) -> float | None:
    """Seconds of an xs:duration of days, hours, minutes and seconds; None if it is no such duration."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def element(name: str, text: str, **attributes: str) -> str:
    """`<name attribute="...">text</name>`, with everything escaped."""
    written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{written}>{escape(text)}</{name}>"


def response(request: Request, body: str) -> bytes:
    """The answer to a request; `body` is written XML that may use the prefixes s, a, x, w, rsp and p."""
    return _envelope(f"{request.action}Response", request.message_id, body)


def fault_response(fault: SoapFault, *, message_id: str | None, machine_name: str) -> bytes:
    """The fault as Windows words it; sent with HTTP 500."""
    value = "s:Sender" if fault.sender else "s:Receiver"
    message = escape(fault.message or fault.reason)
    if fault.provider:
        name, path = fault.provider
        opening = f"<f:ProviderFault provider={quoteattr(name)} path={quoteattr(path)}>"
        message = f"{opening}{message}</f:ProviderFault>"
    detail = ""
    if fault.fault_detail:
        detail = element("w:FaultDetail", f"{uris.FAULT_DETAIL_VALUES}/{fault.fault_detail}")
    body = (
        f"<s:Fault><s:Code><s:Value>{value}</s:Value><s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(fault.reason)}</s:Text></s:Reason><s:Detail>{detail}'
        f'<f:WSManFault xmlns:f="{uris.FAULT_DETAIL}" Code="{fault.code}" Machine={quoteattr(machine_name)}>'
        f"<f:Message>{message}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return _envelope(uris.FAULT_ACTION, message_id, body)


def _envelope(action: str, relates_to: str | None, body: str) -> bytes:
    header = (
        element("a:Action", action)
        + element("a:MessageID", f"uuid:{str(uuid.uuid4()).upper()}")
        + element("a:To", uris.ANONYMOUS)
        + (element("a:RelatesTo", relates_to) if relates_to else "")
    )
    return (
        f'<s:Envelope xml:lang="en-US"{_DECLARATIONS}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()
