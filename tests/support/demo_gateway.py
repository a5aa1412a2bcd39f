"""The real gateway process with the demo brand on a real Kafka."""

import hashlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports
from deploy.local.child_setup import build_die_with_parent
from deploy.local.settings import DEMO_BRAND
from deploy.setup import brand, topics
from deploy.target import Target
from tests.support.hangs import HANG_S

KEY = "fp_test_key"


@dataclass(frozen=True)
class DemoGateway:
    """A gateway that may be started and stopped repeatedly; it keeps its port."""

    kafka: str
    directory: Path
    port: int

    @property
    def target(self) -> Target:
        return Target(f"http://127.0.0.1:{self.port}", KEY)

    @contextmanager
    def running(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        key_file = self.directory / "identifier.key"
        key_file.write_text("00" * 32)
        environment = (
            os.environ
            | {
                "FOOTPATH_KAFKA": self.kafka,
                "FOOTPATH_DATA": str(self.directory),
                "FOOTPATH_GATEWAY_PORT": str(self.port),
                "FOOTPATH_IDENTIFIER_KEY_FILE": str(key_file),
            }
            | settings
        )
        log = self.directory / "gateway.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.cli.main", "gateway"],
                env=environment,
                stdout=out,
                stderr=out,
                preexec_fn=build_die_with_parent(),
            )
        try:
            self._wait(process, log)
            yield process
        finally:
            process.terminate()
            process.wait(HANG_S)

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        """Waits until it accepts events, which it does once it has read the brand."""
        deadline = time.monotonic() + HANG_S
        request = urllib.request.Request(
            f"{self.target.gateway}/v1/events",
            b'{"events":[]}',
            {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"},
        )
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(request, timeout=2) as answer:
                    assert answer.status == 202
                    return
            except (urllib.error.HTTPError, OSError):
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
        raise AssertionError(f"the gateway accepts no events:\n{log.read_text()[-2000:]}")


def build_gateway(kafka: str, directory: Path) -> DemoGateway:
    """Creates topics, applies the demo brand and a sender with `KEY`; the gateway is not started yet."""
    keys = directory / "keys.yaml"
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    keys.write_text(f'api_keys: [{{id: test, hash: "sha256:{digest}", scopes: ["events:write"]}}]\n')
    topics.apply(kafka)
    brand.apply(kafka, [DEMO_BRAND, keys])
    return DemoGateway(kafka, directory, ports.free())
