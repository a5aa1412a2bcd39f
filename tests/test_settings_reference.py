"""deploy/settings.env lists every setting that some process reads, and no other, with the default that it has."""

import re
from pathlib import Path
from typing import Any

import pytest

from deploy.local import settings as up
from deploy.settings_reference import PROCESSES, reference, sections
from gateway.settings import read_settings as read_gateway_settings
from processors.shell.settings import WorkerSettings
from schemas.process.settings import read_settings
from sinks.settings import Settings as SinkSettings

ROOT = Path(__file__).parent.parent
FILE = ROOT / "deploy" / "settings.env"
NAME = re.compile(r"FOOTPATH_[A-Z]+(?:_[A-Z]+)*\b(?!_)")
READERS = {
    "gateway": read_gateway_settings,
    "worker": lambda environ: read_settings(WorkerSettings, environ),
    "sink": lambda environ: read_settings(SinkSettings, environ),
    "footpath up": up.read,
}


def defaults() -> dict[str, str]:
    """The environment of somebody who takes the comment sign away from every default."""
    return dict(re.findall(r"^#(FOOTPATH_[A-Z_]+)=(.*)$", FILE.read_text(), re.MULTILINE))


def test_the_file_is_what_the_command_prints() -> None:
    assert FILE.read_text() == reference(), "run `footpath settings > deploy/settings.env`"


def test_the_reference_lists_what_the_code_reads() -> None:
    listed = [setting.name for _, settings in sections() for setting in settings]
    sources = [
        p for room in ("schemas", "gateway", "processors", "sinks", "deploy") for p in (ROOT / room).rglob("*.py")
    ]
    read = {name for source in sources for name in NAME.findall(source.read_text())}
    assert sorted(listed) == sorted(set(listed)), "a setting is listed twice"
    assert set(listed) == read


def test_every_process_has_a_reader_here() -> None:
    assert READERS.keys() == PROCESSES.keys()


@pytest.mark.parametrize("process", READERS)
def test_every_default_that_the_file_names_can_be_set(process: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("00" * 16)
    required = {"FOOTPATH_IDENTIFIER_KEY_FILE": str(tmp_path / "key")}
    if process == "worker":
        required["FOOTPATH_KAFKA"] = "broker:9092"
    bare: Any = READERS[process](required)
    assert READERS[process](defaults() | required) == bare
    for name, text in defaults().items():
        assert READERS[process]({name: text} | required) == bare, name


def test_every_setting_is_explained() -> None:
    for _, settings in sections():
        for setting in settings:
            assert setting.meaning.endswith(".") and len(setting.meaning) > 20, setting.name
