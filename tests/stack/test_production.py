"""The commands with which the README starts Footpath on a cluster, as they are printed there, from nothing."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.child_setup import build_die_with_parent
from tests.support.full_stack import NoRedirect, wait_until
from tests.support.hangs import HANG_S
from tests.support.servers import ClickHouseServer, KafkaServer, start_clickhouse, start_kafka

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
LONG_RUNNING = ("sink", "worker", "gateway")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[KafkaServer, ClickHouseServer]]:
    kafka, clickhouse = start_kafka(tmp_path / "kafka"), start_clickhouse(tmp_path / "clickhouse")
    yield kafka, clickhouse
    kafka.kill()
    clickhouse.kill()


def block() -> list[str]:
    """The lines of the README's block, without their comments."""
    [lines] = re.findall(r"((?: {4}.+\n)+)\nEach runs under a supervisor", README)
    return [line.partition("    #")[0].strip() for line in lines.splitlines()]


def test_its_commands_start_a_deployment(servers: tuple[KafkaServer, ClickHouseServer], tmp_path: Path) -> None:
    kafka, clickhouse = servers
    port, folder = ports.free(), tmp_path / "operator"
    folder.mkdir()
    shutil.copytree(ROOT / "deploy" / "demo" / "brand", folder / "my-brand")
    written = {
        "broker:9092": kafka.bootstrap,
        "http://user:password@host:8123": clickhouse.url,
        "--replication 3": "--replication 1",  # there is one broker
    }
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FOOTPATH_")},
        "FOOTPATH_PARTITIONS": "2",
        "FOOTPATH_GATEWAY_PORT": str(port),
    }
    once: list[str] = []
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for line in block():
            for text, here in written.items():
                line = line.replace(text, here)
            line = line.replace("footpath ", f"{sys.executable} -m deploy.cli.main ")
            words = line.split()
            if len(words) > 3 and words[3] in LONG_RUNNING:
                log = folder / f"{len(running)}.log"
                script = "; ".join([*(one for one in once if one.startswith("export")), f"exec {line}"])
                with log.open("wb") as out:
                    running[line] = subprocess.Popen(
                        ["sh", "-c", script], cwd=folder, env=environ, stderr=out, preexec_fn=build_die_with_parent()
                    )
                continue
            once.append(line)
            if not line.startswith("export"):
                script = " && ".join([*(one for one in once if one.startswith("export")), line])
                done = subprocess.run(["sh", "-c", script], cwd=folder, env=environ, capture_output=True, text=True)
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert len(running) == 5

        def logs() -> str:
            return "\n".join(log.read_text()[-1500:] for log in sorted(folder.glob("*.log")))

        wait_until(lambda: scan(port) == "routed", logs)
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        assert [process.wait(HANG_S) for process in running.values()] == [0] * 5, logs()
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    keys = list((folder / "keys").iterdir())
    assert len(keys) == 5 and all(key.stat().st_mode & 0o077 == 0 for key in keys)


def scan(port: int) -> str:
    """The outcome of a phone's scan; empty while nobody listens."""
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(f"http://127.0.0.1:{port}/s/mitte-door", timeout=10) as answer:
            return str(answer.headers["Footpath-Outcome"])
    except urllib.error.HTTPError as redirect:
        return str(redirect.headers["Footpath-Outcome"])
    except OSError:
        return ""
