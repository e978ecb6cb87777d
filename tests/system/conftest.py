"""What the tests of whole servers need beside them."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support import sessions
from tests.support.components import component
from tests.support.live import ROOT, Server, free_port


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts nginx with the configuration that we ship, on these servers; returns its address."""
    program = component("nginx")
    processes: list[subprocess.Popen[bytes]] = []

    def start(
        *servers: Server,
        host: str = "$http_host",
        header_timeout: str = "10s",
        read_timeout: str = "90s",
        prefix: str = "",
        tls: bool = False,
    ) -> str:
        port = free_port()
        address = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for number, server in enumerate(servers, 1):
            text = text.replace(f"app{number}:8000", f"127.0.0.1:{server.port}")
        text = text.replace("Host $http_host;", f"Host {host};")
        if tls:
            _make_certificate(tmp_path)
            assert "# listen 443 ssl;" in text
            text = text.replace("listen 80;", "")
            text = text.replace("# listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
            text = text.replace("# ssl_certificate", "ssl_certificate")
            text = text.replace("/etc/ssl/chat.example.org", f"{tmp_path}/tls")
        text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
        text = text.replace("/run/nginx.pid", f"{tmp_path}/nginx.pid")
        assert "client_header_timeout 10s;" in text
        text = text.replace(
            "client_header_timeout 10s;", f"client_header_timeout {header_timeout};"
        )
        assert "proxy_read_timeout 90s;" in text
        text = text.replace("proxy_read_timeout 90s;", f"proxy_read_timeout {read_timeout};")
        for location in ("/", "/ws/", "= /metrics"):
            assert f"location {location} {{" in text
            below = location.replace("/", f"{prefix}/", 1)
            text = text.replace(f"location {location} {{", f"location {below} {{")
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(text)
        command = [program, "-p", str(tmp_path), "-c", str(configuration), "-g", "daemon off;"]
        subprocess.run([*command, "-t", "-q"], check=True)
        processes.append(subprocess.Popen(command))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{address}{prefix}/healthz", verify=not tls).status_code == 200:
                    if isinstance(servers[0], Server):  # a test may have its own in its place
                        sessions.served(address, servers[0].data_dir)
                    return f"{address}{prefix}"
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError("nginx does not pass the servers on.")

    yield start
    for process in processes:
        process.terminate()
        process.wait(10)
    shutil.rmtree(tmp_path / "client_body_temp", ignore_errors=True)


def _make_certificate(directory: Path) -> None:
    """``tls.pem`` and ``tls.key`` for this machine, that no browser trusts by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (directory / "tls.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
