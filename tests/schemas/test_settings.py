"""The settings reader: defaults, ranges, and errors that name the setting and what it may be."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.process.parsers import FLAG, KEY_FILE, NETWORKS, TEXT, URL, choice, whole_number
from schemas.process.settings import Setting, SettingError, read_settings, setting, settings_of, use

BROKERS = Setting("FOOTPATH_BROKERS", TEXT, "", "Where the brokers are.")
PASSWORD = Setting("FOOTPATH_PASSWORD", whole_number(1, 9), "", "A secret.", secret=True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    rows: int = setting("FOOTPATH_ROWS", whole_number(1, 100, "rows"), "10", "Rows of a batch.")
    brokers: str = use(BROKERS)
    registry: str | None = setting("FOOTPATH_REGISTRY", URL, "", "A registry.", unset=None)


@dataclass(frozen=True, kw_only=True)
class Others:
    brokers: str = use(BROKERS, unset="here:1")
    password: int = use(PASSWORD, unset=5)


def test_defaults_stand_for_what_is_not_set() -> None:
    assert read_settings(Settings, {"FOOTPATH_BROKERS": " b:1 "}) == Settings(rows=10, brokers="b:1", registry=None)
    assert read_settings(Settings, {"FOOTPATH_BROKERS": "b:1", "FOOTPATH_ROWS": " "}).rows == 10
    assert read_settings(Settings, {"FOOTPATH_BROKERS": "b:1", "FOOTPATH_ROWS": "100"}).rows == 100
    assert Settings(brokers="x").rows == 10, "the default is the parsed text, as a process reads it"


def test_a_shared_setting_may_be_required_by_one_process_alone() -> None:
    assert read_settings(Others, {}) == Others(brokers="here:1", password=5)
    with pytest.raises(SettingError, match=r"^FOOTPATH_BROKERS is not set: Where the brokers are\."):
        read_settings(Settings, {})
    assert [declared.name for declared in settings_of(Others)] == ["FOOTPATH_BROKERS", "FOOTPATH_PASSWORD"]


@pytest.mark.parametrize("text", ["0", "101", "many", "-1", "1.5", "٣", "1_0"])
def test_an_error_names_the_setting_its_value_and_what_is_allowed(text: str) -> None:
    with pytest.raises(SettingError) as raised:
        read_settings(Settings, {"FOOTPATH_BROKERS": "b:1", "FOOTPATH_ROWS": text})
    assert str(raised.value) == f"FOOTPATH_ROWS={text}: must be a whole number from 1 to 100 (rows)"


def test_a_secret_is_not_repeated() -> None:
    with pytest.raises(SettingError) as raised:
        read_settings(Others, {"FOOTPATH_PASSWORD": "hunter2"})
    assert str(raised.value) == "FOOTPATH_PASSWORD=…: must be a whole number from 1 to 9"


def test_parsers(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("ab" * 16 + "\n")
    assert KEY_FILE.parse(str(key)).by_id == {"": b"\xab" * 16}
    assert (FLAG.parse("1"), FLAG.parse("0"), choice("a", "b").parse("b")) == (True, False, "b")
    assert URL.parse("https://a.example/") == "https://a.example"
    assert [str(network) for network in NETWORKS.parse("10.0.0.0/8, ::1")] == ["10.0.0.0/8", "::1/128"]
    key.write_text("abcd")
    for parser, text in (
        (KEY_FILE, str(key)), (FLAG, "yes"), (choice("a"), "b"), (URL, "a.example"), (NETWORKS, "proxy")
    ):  # fmt: skip
        with pytest.raises(ValueError):
            parser.parse(text)
