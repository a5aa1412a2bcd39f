"""`footpath up` refuses with one clear message, names the setting, and leaves nothing running."""

import hashlib
import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import data, processes, stack
from deploy.local.settings import Settings, read
from deploy.operate.key_files import key_ids
from processors.registry import BACKGROUND, INTERACTIVE
from schemas.process.settings import SettingError
from schemas.process.shared_settings import CONTACT_KEY_FILE, REJECT_KEY_FILE

FREE_PORTS = {"FOOTPATH_GATEWAY_PORT": "0", "FOOTPATH_KAFKA_PORT": "0", "FOOTPATH_CLICKHOUSE_PORT": "0"}


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.parametrize("setting", ["FOOTPATH_GATEWAY_PORT", "FOOTPATH_KAFKA_PORT", "FOOTPATH_CLICKHOUSE_PORT"])
def test_a_port_in_use(setting: str, taken_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stack.up(settings(tmp_path, **{setting: str(taken_port)})) == 1
    assert f"footpath: {setting}={taken_port} is in use" in capsys.readouterr().err


def test_a_directory_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert stack.up(settings(tmp_path / "file" / "data")) == 1
    assert "set FOOTPATH_DATA (or --data) to a directory this user may write" in capsys.readouterr().err


def test_a_directory_of_a_stack_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with data.locked(tmp_path):
        assert stack.up(settings(tmp_path)) == 1
    assert f"in use by a running stack (pid {os.getpid()})" in capsys.readouterr().err


def test_a_broken_brand_is_reported_with_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brand = tmp_path / "brand"
    brand.mkdir()
    (brand / "tags.yaml").write_text("tags:\n  - id: [unfinished\n")
    assert stack.up(settings(tmp_path / "data", FOOTPATH_BRAND=str(brand))) == 1
    printed = capsys.readouterr().err
    assert "FOOTPATH_BRAND" in printed
    assert f"{brand / 'tags.yaml'}:" in printed


def test_a_setting_that_is_no_number_is_named() -> None:
    with pytest.raises(SettingError, match="FOOTPATH_KAFKA_PORT=many: must be a whole number from 0 to 65535"):
        read({"FOOTPATH_KAFKA_PORT": "many"})
    with pytest.raises(SettingError, match="FOOTPATH_WORKERS=0: must be a whole number of at least 1"):
        read({}, workers=0)


def test_options_win_over_variables(tmp_path: Path) -> None:
    chosen = read({"FOOTPATH_DATA": "/elsewhere", "FOOTPATH_SHOPPERS": "3"}, data=tmp_path, shoppers=0)
    assert (chosen.data, chosen.shoppers, chosen.workers) == (tmp_path, 0, 1)


def test_secrets_are_drawn_once_and_private(tmp_path: Path) -> None:
    with data.locked(tmp_path) as ours:
        data.make_secrets(ours)
        key, identifier_key = data.read_api_key(ours), ours.identifier_key.read_text()
        files = {REJECT_KEY_FILE.name: ours.reject_keys, CONTACT_KEY_FILE.name: ours.contact_keys}
        drawn = [key_ids(file, setting) for setting, file in files.items()]
        data.make_secrets(ours)
        assert (data.read_api_key(ours), ours.identifier_key.read_text()) == (key, identifier_key)
        assert [key_ids(file, setting) for setting, file in files.items()] == drawn and list(map(len, drawn)) == [1, 1]
    assert key.startswith("fp_")
    assert len(bytes.fromhex(identifier_key)) == 32
    assert hashlib.sha256(key.encode()).hexdigest() in ours.api_keys.read_text()
    assert key not in ours.api_keys.read_text()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()}
    of_people = ("identifier.key", "reject.keys", "contact.keys", "tag.keys", "coupon.keys")
    names = (*of_people, "clickhouse.password", "api.key", "keys.yaml")
    assert modes == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_the_run_file_is_private_and_leaves_with_the_stack(tmp_path: Path) -> None:
    with data.locked(tmp_path) as ours:
        data.write_run_file(ours, {"gateway": "http://127.0.0.1:1"})
        assert json.loads(ours.run_file.read_text()) == {"gateway": "http://127.0.0.1:1"}
        assert stat.S_IMODE(ours.run_file.stat().st_mode) == 0o600
        data.remove_run_file(ours)
        assert not ours.run_file.exists()


def test_workers_are_named_and_stopped_together() -> None:
    assert [names for _, names in processes.worker_names(2)] == [
        INTERACTIVE,
        tuple(f"{name}-2" for name in INTERACTIVE),
        BACKGROUND,
        tuple(f"{name}-2" for name in BACKGROUND),
    ]
    pids = {INTERACTIVE[0]: 1, f"{INTERACTIVE[0]}-2": 2, BACKGROUND[0]: 3, "sink": 4}
    own = {1: INTERACTIVE, 2: [f"{name}-2" for name in INTERACTIVE], 3: BACKGROUND, 4: ["sink"]}
    assert processes.pids_by_processor(pids, 2) == {name: pid for pid, names in own.items() for name in names}
    assert processes.stop_order(1) == (
        ("shoppers",),
        ("gateway",),
        (INTERACTIVE[0], BACKGROUND[0]),
        ("sink",),
        ("kafka",),
        ("clickhouse",),
    )


def settings(directory: Path, **variables: str) -> Settings:
    return read({**FREE_PORTS, "FOOTPATH_DATA": str(directory), **variables})
