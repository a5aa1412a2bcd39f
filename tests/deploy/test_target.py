"""Where the commands of a sender find their gateway and key."""

import json
from pathlib import Path

import pytest

from deploy.target import Target, read_kafka, read_target, stack_keys
from schemas.process.errors import OperatorError

KAFKA = "127.0.0.1:9092"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The directory of a stack that runs."""
    (tmp_path / "run.json").write_text(
        json.dumps({"gateway": "http://127.0.0.1:8080/", "kafka": KAFKA, "api_key": "fp_run"})
    )
    return tmp_path


def test_a_stack_that_runs_says_it_all(data: Path) -> None:
    assert read_target({"FOOTPATH_DATA": str(data)}) == Target("http://127.0.0.1:8080", "fp_run")


def test_the_environment_wins(data: Path, tmp_path: Path) -> None:
    here = {"FOOTPATH_DATA": str(data)}
    assert read_target(here | {"FOOTPATH_GATEWAY": "https://g.example/"}) == Target("https://g.example", "fp_run")
    assert read_target(here | {"FOOTPATH_API_KEY": "mine"}).api_key == "mine"
    (tmp_path / "key").write_text("from a file\n")
    assert read_target(here | {"FOOTPATH_API_KEY_FILE": str(tmp_path / "key")}).api_key == "from a file"
    assert read_target(here, "http://option.example/").gateway == "http://option.example"


def test_what_cannot_be_read_is_named(data: Path) -> None:
    (data / "run.json").write_text("{")
    with pytest.raises(OperatorError, match=r"FOOTPATH_DATA: .*run\.json cannot be read"):
        read_target({"FOOTPATH_DATA": str(data)})
    with pytest.raises(OperatorError, match=r"FOOTPATH_API_KEY_FILE=/nowhere: No such file"):
        read_target({"FOOTPATH_GATEWAY": "http://g.example", "FOOTPATH_API_KEY_FILE": "/nowhere"})


def test_a_brand_that_is_applied_to_the_stack_here_keeps_its_senders_key(data: Path) -> None:
    here = {"FOOTPATH_DATA": str(data)}
    assert stack_keys(here, KAFKA) == (), "there is no key yet"
    keys = data / "secrets" / "keys.yaml"
    keys.parent.mkdir()
    keys.write_text("api_keys: []\n")
    assert stack_keys(here, read_kafka(here)) == (keys,)
    assert stack_keys(here, read_kafka(here | {"FOOTPATH_KAFKA": "broker.example:9092"})) == ()
    assert stack_keys({"FOOTPATH_DATA": str(data / "elsewhere")}, KAFKA) == (), "no stack runs there"
