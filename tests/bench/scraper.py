"""Scrapes /metrics once a second, as Prometheus would, and keeps what was wrong and how long each scrape took."""

import http.client
import time

from arena import say
from harness.poll import hold
from metrics_text import CONSUMED, Samples, Watch, read

_EVERY_S = 1.0
_TIMEOUT_S = 10.0  # Prometheus' own


class Scraper:
    def __init__(self, address: str) -> None:
        self._address = address
        self._watch = Watch()
        self._next_s = time.monotonic()
        self._consumed: list[tuple[float, float]] = []  # (time, messages) of each scrape
        self.seconds: list[float] = []  # that each took
        self.mismatches = 0  # scrapes with faults, and what else is noted by fault()
        self.faults: list[str] = []

    def ready(self) -> bool:
        try:
            return self._get("/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def when_due(self) -> Samples:
        """Scrapes at the next full second since the first; those that a slow scrape took are passed over."""
        hold(max(0.0, self._next_s - time.monotonic()))
        samples = self._scrape()
        late_s = max(0.0, time.monotonic() - self._next_s)
        self._next_s += _EVERY_S * (1 + late_s // _EVERY_S)
        return samples

    def fault(self, *texts: str) -> None:
        self.mismatches += 1
        for text in texts:
            self.faults.append(f"MISMATCH in scrape {len(self.seconds)}: {text}")
            say(self.faults[-1])

    def consumed_per_s(self) -> float:
        """From the first scrape that shows messages to the first that shows the last of them."""
        start_s, first = next((point for point in self._consumed if point[1] > 0), (0.0, 0.0))
        last = max((count for _, count in self._consumed), default=0.0)
        end_s = next((at_s for at_s, count in self._consumed if count == last), 0.0)
        return (last - first) / (end_s - start_s) if end_s > start_s else 0.0

    def _scrape(self) -> Samples:
        start_s = time.perf_counter()
        try:
            status, text = self._get("/metrics")
        except (OSError, http.client.HTTPException) as error:
            status, text = 0, repr(error)
        self.seconds.append(time.perf_counter() - start_s)
        if status != 200:
            self.fault(f"no metrics, but status {status}: {text[:200]}")
            return {}
        if found := self._watch.faults(text):
            self.fault(*found)
        samples, _ = read(text)
        self._consumed.append((time.monotonic(), samples.get(CONSUMED, 0.0)))
        return samples

    def _get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()
