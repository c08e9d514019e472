"""The curl of `helm test`, with the very options that the chart gives it, before pods that are ready and ones that are
not."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from deploy.charts import one, render

_CURL = ("--set", "helmTest.curlImage=curl")


@contextmanager
def _pod(status: int) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"joined: no\n" if status != 200 else b"ok\n")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/readyz"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _containers(replicas: int) -> dict:
    made = one(render("minimal", *_CURL, "--set", f"replicaCount={replicas}"), "Pod")
    return {each["name"]: each for each in made["spec"]["containers"]}


@pytest.mark.parametrize(
    ("pods", "passes"), [((200, 200, 200), True), ((503, 200, 200), False), ((200, 503, 200), False), ((503,), False)]
)
def test_it_passes_only_if_every_pod_is_ready(pods: tuple[int, ...], passes: bool):
    args = _containers(len(pods))["ready"]["args"]
    words = [word for word in args if not word.startswith("http")]
    assert len(args) - len(words) == len(pods), "one address for each pod"
    with ExitStack() as stack:
        urls = [stack.enter_context(_pod(status)) for status in pods]
        command = ["curl", *words, "--retry", "0", *urls]  # the last one counts: here nothing becomes ready later
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode == 0) == passes, done.stdout + done.stderr
    assert passes or "joined: no" in done.stdout, "what the pod says is shown"


def test_it_waits_no_longer_for_a_pod_than_helm_does():
    args = _containers(1)["ready"]["args"]
    assert int(args[args.index("--retry-max-time") + 1]) <= 120, "helm test gives up after five minutes"
    assert "--retry-delay" in args, "without it curl waits for twice as long each time"


def test_without_pods_it_asks_none():
    assert list(_containers(0)) == ["configuration"]
