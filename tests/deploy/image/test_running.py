"""The image's root file system at work, read-only and as its user."""

import json
import shutil
import signal
import socket
import ssl
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from deploy.containers import Container
from deploy.images import Image
from deploy.scene import Server, Stream
from harness import process
from harness.daemon import config
from harness.poll import wait_until
from harness.tls import make_certificates

Containers = Callable[..., Container]

_ANYBODY = "12345:12345"
_TIMEOUT_S = 30.0


def test_it_says_its_version_as_any_user(container: Containers, image: Image):
    held = container()
    for user in (image.execution["User"], _ANYBODY):
        done = held.run("version", "--json", user=user)
        assert done.returncode == 0, done.stderr
        versions = json.loads(done.stdout)
        assert versions["firstseen"] == image.execution["Labels"]["org.opencontainers.image.version"]
        assert versions["librdkafka"].startswith("2.8."), "not Debian 13's"


def test_what_is_loaded_by_name_has_the_libraries_that_it_needs(container: Containers, image: Image):
    held = container()
    (loader,) = (path for path in image.files if "/ld-linux-" in path)
    plug_ins = [path for path in image.files if PurePosixPath(path).parent.name in {"sasl2", "ossl-modules"}]
    assert plug_ins
    for library in plug_ins:
        done = held.execute(loader, "--list", library)
        assert (done.returncode, "not found" in done.stdout) == (0, False), f"{library}: {done.stdout}{done.stderr}"


def test_the_demo_is_clean_and_leaves_nothing(container: Containers):
    held = container()
    done = held.run("demo", "--messages", "20000", "--json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["consumed"] == outcome["produced"] == 20000
    assert (outcome["lost"], outcome["doubled"], outcome["changed"]) == (0, 0, 0)
    assert not list(held.state.iterdir())


def test_by_itself_it_runs_the_daemon_until_it_is_asked_to_end(container: Containers):
    held, stream = container(), Stream()
    (port,) = process.free_ports(1)
    settings = config(Path("/var/lib/firstseen"), stream.brokers, ["orders"], "contained", "orders.unique",
                      http={"listen": f"127.0.0.1:{port}"}, rejects={"route": "drop"})  # fmt: skip
    (held.configuration / "firstseen.yaml").write_text(json.dumps(settings))
    server = Server(f"127.0.0.1:{port}")
    with held.start() as running:
        wait_until(lambda: running.ended() or server.get("/readyz"), "the daemon is ready")
        assert not running.ended(), held.log.read_text()
        stream.write()
        wait_until(lambda: "firstseen_messages_consumed_total 202" in server.get("/metrics"), "all is consumed")
        running.signal(signal.SIGTERM)
        assert running.wait() == 0, held.log.read_text()
    assert (held.state / "store").is_dir()
    done = held.run("store", "stats", "--store", "store")
    assert done.returncode == 0, done.stderr


def test_without_a_configuration_it_says_so(container: Containers):
    held = container()
    with held.start() as running:
        assert running.wait() == 78
    assert "/etc/firstseen/firstseen.yaml" in held.log.read_text()


@pytest.mark.parametrize("trusted", [True, False])
def test_brokers_are_trusted_by_the_authorities_of_the_image(
    container: Containers, root: Path, tmp_path: Path, trusted: bool
):
    """A broker whose certificate comes from one of them, and the same one when it does not."""
    changed = tmp_path / "changed"
    shutil.copytree(root, changed, symlinks=True)
    certificates = make_certificates(tmp_path / "tls")
    if trusted:
        with (changed / "etc/ssl/certs/ca-certificates.crt").open("ab") as bundle:
            bundle.write(certificates.ca.read_bytes())
    held = container(changed)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.keystore)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_TIMEOUT_S)
        broker = f"127.0.0.1:{listener.getsockname()[1]}"
        kafka = {"properties": {"security.protocol": "ssl"}}
        settings = config(Path("/var/lib/firstseen"), broker, ["orders"], "contained", "orders.unique", kafka=kafka)
        (held.configuration / "firstseen.yaml").write_text(json.dumps(settings))
        with held.start():
            connection, _ = listener.accept()
            connection.settimeout(_TIMEOUT_S)
            if trusted:
                with tls.wrap_socket(connection, server_side=True) as accepted:
                    assert accepted.version()
            else:
                with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
                    tls.wrap_socket(connection, server_side=True)
                connection.close()
