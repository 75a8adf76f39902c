"""A real key management service (KMIP) on this machine: PyKMIP's server, with certificates made for the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from service.running.children import kill_child, start_child
from service.running.mongod import free_port

_SERVE = """
import sys
from kmip.services.server import KmipServer
port, folder = int(sys.argv[1]), sys.argv[2]
server = KmipServer(
    hostname="127.0.0.1", port=port, certificate_path=folder + "/server.crt", key_path=folder + "/server.key",
    ca_path=folder + "/ca.crt", config_path=None, auth_suite="TLS1.2", log_path=folder + "/kmip.log",
    policy_path=folder + "/policy", database_path=folder + "/kmip.db", enable_tls_client_auth=True,
    logging_level="INFO",
)
with server:
    server.serve()
"""
_WAITED_SECONDS = 240


@dataclass(frozen=True)
class KeyManagement:
    """A service that runs: where, and the files that it is reached with."""

    endpoint: str
    authority: Path
    client: Path
    """Certificate and key of a client, in one file."""
    stranger: Path
    """The same, signed by nobody that the service trusts."""


@contextmanager
def key_management(folder: Path) -> Iterator[KeyManagement]:
    """The service, with its keys in ``folder``; ends with the context."""
    (folder / "policy").mkdir(parents=True)
    authority = _Authority("test authority")
    (folder / "ca.crt").write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    certificate, key = authority.issued("127.0.0.1", ExtendedKeyUsageOID.SERVER_AUTH)
    (folder / "server.crt").write_bytes(certificate)
    (folder / "server.key").write_bytes(key)
    (folder / "client.pem").write_bytes(b"".join(authority.issued("register", ExtendedKeyUsageOID.CLIENT_AUTH)))
    other = _Authority("somebody else")
    (folder / "stranger.pem").write_bytes(b"".join(other.issued("register", ExtendedKeyUsageOID.CLIENT_AUTH)))
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-c", _SERVE, str(port), str(folder)]
    child = start_child(command, output=subprocess.DEVNULL)
    try:
        _wait_for(folder / "kmip.log")
        yield KeyManagement(f"127.0.0.1:{port}", folder / "ca.crt", folder / "client.pem", folder / "stranger.pem")
    finally:
        # Terminated politely, it would first wait ten seconds for its listening socket. It has a process of its own,
        # in the same group, that would outlive it.
        os.killpg(child.pid, signal.SIGKILL)
        kill_child(child)


def _wait_for(log: Path) -> None:
    end = time.monotonic() + _WAITED_SECONDS
    while not (log.exists() and "Starting connection service" in log.read_text(errors="replace")):
        assert time.monotonic() < end, "the key management service does not start"
        time.sleep(0.1)


class _Authority:
    """Somebody who signs certificates."""

    def __init__(self, name: str) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            self._signed(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issued(self, name: str, use: x509.ObjectIdentifier) -> tuple[bytes, bytes]:
        """A certificate and its key, as PEM."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._signed(subject, key)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return certificate.public_bytes(serialization.Encoding.PEM), pem

    def _signed(self, subject: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        today = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=2))
        )
