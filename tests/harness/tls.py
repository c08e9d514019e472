"""A certificate authority and a server certificate, made by openssl for one test run."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    ca: Path  # what clients trust (ssl.ca.location)
    certificate: Path
    key: Path
    keystore: Path  # private key and certificate in one PEM file, as Kafka's ssl.keystore.type=PEM wants it


def make_certificates(directory: Path, names: str = "IP:127.0.0.1,DNS:localhost") -> Certificates:
    """names: of the server, as openssl's subjectAltName."""
    directory.mkdir(parents=True, exist_ok=True)
    ca, ca_key = directory / "ca.pem", directory / "ca.key"
    key, request, certificate = directory / "server.key", directory / "server.csr", directory / "server.pem"
    extensions = directory / "server.ext"
    extensions.write_text(f"subjectAltName={names}\n")
    new_key = ["-newkey", "rsa:2048", "-nodes"]
    _openssl("req", "-x509", *new_key, "-keyout", ca_key, "-out", ca, "-days", "30", "-subj", "/CN=firstseen test CA")
    _openssl("req", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=127.0.0.1")
    _openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        ca,
        "-CAkey",
        ca_key,
        "-CAcreateserial",
        "-out",
        certificate,
        "-days",
        "30",
        "-extfile",
        extensions,
    )
    keystore = directory / "keystore.pem"
    keystore.write_bytes(key.read_bytes() + certificate.read_bytes())
    return Certificates(ca=ca, certificate=certificate, key=key, keystore=keystore)


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
