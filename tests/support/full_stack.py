"""The whole system as `footpath up` starts it, as a child process that is used over HTTP only."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPMessage
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from deploy.local import kafka
from deploy.local.child_setup import build_die_with_parent
from deploy.local.settings import cache_directory
from gateway.scan.device import COOKIE
from schemas.identifiers.devices import IssuedDevices
from tests.support import short_lives
from tests.support.hangs import HANG_S

T = TypeVar("T")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.25
"""Between two looks: each is a query that the system answers beside its work."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


class FullStack:
    """A system that may be started and stopped repeatedly on one directory.

    :param data: data directory. :param shoppers, workers: options of `footpath up`.
    :param start_timeout_s: against hangs.
    :param settings: FOOTPATH_… variables; ports are free ones.
    """

    def __init__(
        self,
        data: Path,
        shoppers: int = 0,
        workers: int = 1,
        start_timeout_s: float = HANG_S,
        **settings: str,
    ) -> None:
        self.data = data
        self._start_timeout_s = start_timeout_s
        self._options = ("--shoppers", str(shoppers), "--workers", str(workers))
        ports = {f"FOOTPATH_{server}_PORT": "0" for server in ("GATEWAY", "KAFKA", "CLICKHOUSE")}
        self.environ = {**os.environ, **short_lives.settings(), **ports, **settings, "FOOTPATH_DATA": str(data)}
        self._log = data.parent / f"{data.name}.log"
        self._up: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Starts it; returns the seconds until everything was ready."""
        began = time.monotonic()
        kafka.prepare(cache_directory(os.environ), print)  # the AOT cache is made without the settings of short lives
        with self._log.open("ab") as log:
            self._up = subprocess.Popen(
                [sys.executable, "-m", "deploy.cli.main", "up", *self._options],
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=build_die_with_parent(),
            )
        wait_until(lambda: self.run or self._up.poll() is not None, self.logs, self._start_timeout_s)
        assert self._up.poll() is None, self.logs()
        return time.monotonic() - began

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """Stops it in order; returns the exit code."""
        assert self._up is not None
        self._up.send_signal(signum)
        try:
            return self._up.wait(HANG_S)
        except subprocess.TimeoutExpired:
            self._up.kill()
            raise AssertionError(f"did not stop in {HANG_S} s:\n{self.logs()}") from None

    @property
    def pid(self) -> int:
        """Of `footpath up`."""
        assert self._up is not None
        return self._up.pid

    @property
    def run(self) -> dict[str, Any]:
        """Content of run.json; empty until everything is ready."""
        try:
            return dict(json.loads((self.data / "run.json").read_text()))
        except FileNotFoundError:
            return {}

    def device_cookie(self, device: str) -> str:
        """The cookie of a phone that has this device id (22 characters), as the stack's gateway gives it."""
        key = bytes.fromhex((self.data / "secrets" / "identifier.key").read_text())
        return f"{COOKIE}={IssuedDevices(key).signed(device)}"

    def kill(self, process: str) -> None:
        """Kills one process with SIGKILL; returns when the supervisor has restarted it."""
        pid = self.run["processes"][process]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.run["processes"].get(process) not in (None, pid), self.logs)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query as dicts; 64-bit integers are numbers."""
        settings = urllib.parse.urlencode(
            {"output_format_json_quote_64bit_integers": 0, "default_format": "JSONEachRow"}
        )
        request = urllib.request.Request(f"{self.run['clickhouse']}/?{settings}", query.encode())
        end = time.monotonic() + HANG_S
        while True:
            try:
                with urllib.request.urlopen(request, timeout=HANG_S) as answer:
                    return [json.loads(line.decode(errors="replace")) for line in answer]
            except urllib.error.HTTPError as error:
                raise AssertionError(f"{query}\n{error.read().decode()}") from None
            except OSError:  # killed, and being restarted
                assert time.monotonic() < end, self.logs()
                time.sleep(0.1)

    def change(self, statement: str) -> None:
        """Runs a statement as the user that may change something."""
        password = (self.data / "secrets" / "clickhouse.password").read_text().strip()
        headers = {"X-ClickHouse-User": "footpath", "X-ClickHouse-Key": password}
        request = urllib.request.Request(self.run["clickhouse"], statement.encode(), headers)
        urllib.request.urlopen(request, timeout=HANG_S).close()

    def value(self, query: str) -> Any:
        """The single value that a query returns."""
        (row,) = self.rows(query)
        (value,) = row.values()
        return value

    def get(self, path: str, cookie: str = "") -> tuple[int, HTTPMessage, bytes]:
        """Status, headers and body; a redirect is not followed."""
        headers = {"Cookie": cookie} if cookie else {}
        opener = urllib.request.build_opener(NoRedirect)
        request = urllib.request.Request(urllib.parse.urljoin(self.run["gateway"], path), headers=headers)
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def scan(self, cookie: str = "") -> HTTPMessage:
        """Headers of a scan of the demo tag whose decision came in time; a busy machine may need several scans."""

        def routed() -> HTTPMessage | None:
            # The same link twice within seconds is a double tap; with another parameter it is a scan of its own.
            visit = f"?utm_id={uuid4()}" if cookie else ""
            status, headers, _ = self.get(f"{self.run['demo']['scan']}{visit}", cookie)
            assert status in (200, 302)
            return headers if headers["Footpath-Outcome"] == "routed" else None

        return wait_until(routed, self.logs)

    def send(self, *events: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Results of the events API for each event; the batch must be accepted."""
        request = urllib.request.Request(
            f"{self.run['gateway']}/v1/events",
            json.dumps({"events": events}).encode(),
            {"Authorization": f"Bearer {self.run['api_key']}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=HANG_S) as answer:
            return list(json.load(answer)["results"])

    def footpath(self, *arguments: str, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        """Runs a command of `footpath` on this system."""
        return subprocess.run(
            [sys.executable, "-m", "deploy.cli.main", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )

    def logs(self) -> str:
        """The last 1500 characters of the log of each process, for the text of a failure."""
        files = [self._log, *sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(
            f"== {file.name}\n{file.read_text(errors='replace')[-1500:]}" for file in files if file.exists()
        )


def wait_until(condition: Callable[[], T], describe: Callable[[], str] = str, timeout_s: float = HANG_S) -> T:
    """The condition's first true value. :param describe: text for the failure after ``timeout_s``."""
    end, pause_s = time.monotonic() + timeout_s, FIRST_PAUSE_S
    while not (got := condition()):
        assert time.monotonic() < end, f"not within {timeout_s} s\n{describe()}"
        time.sleep(pause_s)
        pause_s = min(1.2 * pause_s, LONGEST_PAUSE_S)
    return got


def write_lines(file: Path, events: Iterable[Mapping[str, Any]]) -> Path:
    """A JSON Lines file for the import."""
    with file.open("w") as out:
        for event in events:
            out.write(json.dumps(event) + "\n")
    return file
