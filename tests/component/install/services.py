"""The services that the example programs talk to, on free ports of the loopback interface."""

import os
import queue
import signal
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PATIENCE = 60  # seconds


class Service:
    """An HTTP server whose answers a function gives: (method, path, query) -> (status, body), or None for no answer."""

    def __init__(self, answer: Callable[[str, str, dict], tuple[int, str] | None]):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self):
                parts = urlsplit(self.path)
                given = service.answer(self.command, unquote(parts.path), parse_qs(parts.query))
                self.close_connection = True
                if given is None:
                    return
                status, body = given
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_POST = respond

            def log_message(self, *_):
                pass

        self.answer = answer
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Bank:
    """Takes payments by their key, and can kill the payer in the middle of one."""

    def __init__(self):
        self.payments: list[str] = []
        self.tokens: list[int] = []
        self.requests = 0
        self.kill_payer = ""  # "before" or "after" the next payment is made
        self.payer: queue.Queue[int] = queue.Queue()  # the process to kill

    def answer(self, method: str, path: str, query: dict) -> tuple[int, str] | None:
        self.requests += 1
        if method == "GET":
            return (200, f"paid {path}") if path in self.payments else (404, "")
        moment, self.kill_payer = self.kill_payer, ""
        if moment == "before":
            return self.kill()
        self.payments.append(path)
        self.tokens.append(int(query["token"][0]))
        return self.kill() if moment == "after" else (201, f"paid {path}")

    def kill(self) -> None:
        os.kill(self.payer.get(timeout=PATIENCE), signal.SIGKILL)
