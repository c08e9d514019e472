"""The pods' pages as Prometheus asks for them: over TLS, by the Service's name, and with a token."""

import http.client
import socket
import ssl
import uuid
from pathlib import Path
from typing import Any

from harness.tls import make_certificates

_PORT = 9464
_KEY, _TOKEN_SECRET, _TLS_SECRET = "metrics-token", "orders-secrets", "orders-tls"


class _Connection(http.client.HTTPSConnection):
    """To an address, of a server that names itself otherwise: the node resolves no names."""

    def __init__(self, address: str, port: int, server: str, context: ssl.SSLContext) -> None:
        super().__init__(address, port, timeout=5, context=context)
        self._server, self._trust = server, context

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self._server)


class Pages:
    def __init__(self, directory: Path, service: str, namespace: str) -> None:
        self._server, self._namespace = f"{service}.{namespace}.svc", namespace
        self._certificates = make_certificates(directory / "tls", f"DNS:{self._server}")
        self._token = uuid.uuid4().hex
        self._trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._trust.load_verify_locations(self._certificates.ca)

    def secrets(self) -> list[dict[str, Any]]:
        """Objects that must be there before the release."""
        tls = {
            "tls.crt": self._certificates.certificate.read_text(),
            "tls.key": self._certificates.key.read_text(),
            "ca.crt": self._certificates.ca.read_text(),
        }
        return [
            self._secret(_TOKEN_SECRET, "Opaque", {_KEY: self._token}),
            self._secret(_TLS_SECRET, "kubernetes.io/tls", tls),
        ]

    def _secret(self, name: str, kind: str, data: dict[str, str]) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self._namespace}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "stringData": data}

    @staticmethod
    def values() -> dict[str, Any]:
        """Of the chart."""
        return {"secrets": {"existingSecret": _TOKEN_SECRET}, "http": {"tokenKey": _KEY, "tlsSecret": _TLS_SECRET}}

    def get(self, address: str, path: str, token: str | None = None, port: int = _PORT) -> tuple[int, str]:
        """Status and body; with the token of the Secret unless another one is given, and with none if it is empty."""
        sent = self._token if token is None else token
        connection = _Connection(address, port, self._server, self._trust)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {sent}"} if sent else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()
