"""The lab's own certificate authority: server and client certificates as PEM files.

Trouble: a lab with self-signed certificates teaches people to switch validation off. Answer: one CA per lab
folder, trusted by naming its PEM file, that issues certificates with all names and addresses of a host, and
client certificates with the user principal name that Windows maps. What is there and still valid is used
again, so that a restart changes nothing.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

USER_PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
"""Type of the subject alternative name that Windows maps to an account (szOID_NT_PRINCIPAL_NAME in wincrypt.h)."""
_UTF8_STRING = 0x0C  # X.690 8.23, the tag of the value inside

_VALID_DAYS = 3650
_RENEW_DAYS = 30


@dataclass(frozen=True)
class IssuedCertificate:
    """Two PEM files."""

    certificate: Path
    key: Path
    """Readable by its owner only."""


class LabCA:
    """A certificate authority in a folder: `ca.pem`, `ca-key.pem`, and a pair of files per certificate issued."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pair = IssuedCertificate(folder / "ca.pem", folder / "ca-key.pem")

    @classmethod
    def create(cls, folder: Path) -> LabCA:
        """Open the CA in `folder`, making folder and CA where they are missing."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = cls(folder)
        if not _usable(authority._pair):
            authority._make_root()
        return authority

    @property
    def certificate(self) -> Path:
        """PEM file for clients and servers to trust."""
        return self._pair.certificate

    def issue_server(self, name: str, addresses: Sequence[str]) -> IssuedCertificate:
        """Certificate for a host: `name` and every address (IP address or further name) in its alternative names."""
        names = [_general_name(value) for value in dict.fromkeys([name, *addresses])]
        return self._issue(name, names, usage=ExtendedKeyUsageOID.SERVER_AUTH, file_name=f"server-{name}")

    def issue_client(self, user: str) -> IssuedCertificate:
        """Certificate by which `user` (a user principal name such as admin@lab) can log on."""
        value = user.encode()
        if len(value) > 127:
            raise ValueError(f"user principal name of {len(value)} bytes; this CA writes up to 127")
        name = x509.OtherName(USER_PRINCIPAL_NAME, bytes([_UTF8_STRING, len(value)]) + value)
        return self._issue(user, [name], usage=ExtendedKeyUsageOID.CLIENT_AUTH, file_name=f"client-{user}")

    def _issue(
        self, subject: str, names: list[x509.GeneralName], *, usage: x509.ObjectIdentifier, file_name: str
    ) -> IssuedCertificate:
        if os.sep in file_name:
            raise ValueError(f"{subject!r} cannot be part of a file name")
        pair = IssuedCertificate(self._folder / f"{file_name}.pem", self._folder / f"{file_name}-key.pem")
        root = x509.load_pem_x509_certificate(self._pair.certificate.read_bytes())
        alternative_names = x509.SubjectAlternativeName(names)
        if _usable(pair, issuer=root, alternative_names=alternative_names):
            return pair
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(subject, issuer=root.subject, public_key=key.public_key())
            .add_extension(alternative_names, critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(_authority_identifier(root), critical=False)
        )
        _write_pair(pair, builder.sign(self._root_key(), hashes.SHA256()), key)
        return pair

    def _make_root(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = "Quick Storage Migration lab CA"
        builder = (
            _builder(subject, issuer=_name(subject), public_key=key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
        )
        _write_pair(self._pair, builder.sign(key, hashes.SHA256()), key)

    def _root_key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self._pair.key.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{self._pair.key} does not hold the kind of key this CA makes; remove the folder")
        return key


def user_principal_name(certificate_der: bytes) -> str | None:
    """The user principal name in a client certificate, or None."""
    certificate = x509.load_der_x509_certificate(certificate_der)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    for other in names.get_values_for_type(x509.OtherName):
        value = other.value
        if other.type_id == USER_PRINCIPAL_NAME and value[0] == _UTF8_STRING and value[1] == len(value) - 2:
            return value[2:].decode(errors="replace")
    return None


def end_point_binding(certificate_pem: bytes) -> bytes:
    """Channel binding `tls-server-end-point` of a server certificate (RFC 5929 section 4.1), prefix included."""
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name in ("md5", "sha1"):
        algorithm = hashes.SHA256()
    return b"tls-server-end-point:" + certificate.fingerprint(algorithm)


def _usable(
    pair: IssuedCertificate,
    *,
    issuer: x509.Certificate | None = None,
    alternative_names: x509.SubjectAlternativeName | None = None,
) -> bool:
    """Whether a pair exists, is valid for a while, and is what would be issued now."""
    if not pair.certificate.exists() or not pair.key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    if certificate.not_valid_after_utc - _now() < datetime.timedelta(days=_RENEW_DAYS):
        return False
    if issuer is None:
        return True
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    theirs = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return found == alternative_names and theirs == _authority_identifier(issuer)


def _builder(subject: str, *, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - datetime.timedelta(days=1))  # clocks of test machines differ
        .not_valid_after(_now() + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _authority_identifier(root: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(value: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(value))
    except ValueError:
        return x509.DNSName(value)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write_pair(pair: IssuedCertificate, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write_private(pair.key, private)
    _write_private(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM))
    pair.certificate.chmod(0o644)


def _write_private(path: Path, content: bytes) -> None:
    """Never readable by others, not even for a moment, and whole or not there."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
