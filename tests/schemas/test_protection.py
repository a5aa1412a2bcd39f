"""What is kept of a rejected event is readable with its key, and with nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.key_files import add_key, destroy_keys, key_ids
from schemas.codec.avro import Codec
from schemas.process.errors import OperatorError
from schemas.process.shared_settings import REJECT_KEY_FILE
from schemas.protection.cipher import Damaged, is_protected, key_id_of, protect, reveal
from schemas.protection.keys import KeyDestroyed
from schemas.protection.reject_keys import RejectKeys
from schemas.reasons import RejectReason
from schemas.rejects import reject_record
from schemas.topics import EVENT_REJECTED

KEY, OTHER = bytes(range(32)), bytes(32)
CANARY = b"Annegret Musterfrau, 1980-02-29"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    add_key(tmp_path / "reject.keys", REJECT_KEY_FILE.name)
    return tmp_path / "reject.keys"


@given(st.binary(), st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True))
def test_any_bytes_come_back_with_their_key(content: bytes, key_id: str) -> None:
    once, twice = protect(content, key_id, KEY), protect(content, key_id, KEY)
    assert once == twice and is_protected(once) and key_id_of(once) == key_id
    assert reveal(once, KEY) == reveal(twice, KEY) == content
    with pytest.raises(Damaged):
        reveal(once, OTHER)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_changed_byte_goes_unnoticed(at: int, change: int) -> None:
    protected = bytearray(protect(CANARY, "k", KEY))
    protected[at % len(protected)] ^= change
    with pytest.raises(Damaged):
        reveal(bytes(protected), KEY)


@given(st.binary())
def test_whatever_is_not_protected_is_given_as_it_is_or_is_damaged(content: bytes) -> None:
    if not is_protected(content):
        with pytest.raises(Damaged):
            reveal(content, KEY)


def test_a_new_key_protects_and_the_old_one_still_reads(file: Path) -> None:
    keys = RejectKeys(file)
    before = keys.protect(CANARY)
    newest = add_key(file, REJECT_KEY_FILE.name)
    after = keys.protect(CANARY)
    assert key_id_of(after) == newest != key_id_of(before)
    assert keys.reveal(before) == keys.reveal(after) == CANARY and CANARY not in before + after
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_a_destroyed_key_protects_is_gone_also_for_a_process_that_runs(file: Path) -> None:
    keys, (first,) = RejectKeys(file), key_ids(file, REJECT_KEY_FILE.name)
    secret = file.read_text().split()[1]
    old = keys.protect(CANARY)
    destroy_keys(file, [first], REJECT_KEY_FILE.name)
    for reader in (keys, RejectKeys(file)):
        with pytest.raises(KeyDestroyed):
            reader.reveal(old)
        assert reader.reveal(reader.protect(CANARY)) == CANARY, "a new key has taken its place"
    assert [path.name for path in file.parent.iterdir()] == [file.name] and secret not in file.read_text()
    with pytest.raises(OperatorError, match=f"no key {first}"):
        destroy_keys(file, [first], REJECT_KEY_FILE.name)


def test_without_the_file_nothing_is_kept_and_nothing_stops(file: Path) -> None:
    keys, moved = RejectKeys(file), file.with_name("moved")
    old = keys.protect(CANARY)
    file.rename(moved)
    assert keys.protect(CANARY) == b""
    with pytest.raises(KeyDestroyed):
        keys.reveal(old)
    moved.rename(file)
    assert keys.reveal(old) == keys.reveal(keys.protect(CANARY)) == CANARY


@pytest.mark.parametrize("text", ["", "# nothing\n", "a 00\n", f"a {'0' * 64}\na {'1' * 64}\n", "\u00fc"])
def test_a_file_that_holds_no_keys_stops_a_process_at_its_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    with pytest.raises(OperatorError, match=r"FOOTPATH_REJECT_KEY_FILE=.*must be a file with a line for each key"):
        REJECT_KEY_FILE.value(str(tmp_path / "keys"))
    with pytest.raises(OperatorError, match="FOOTPATH_REJECT_KEY_FILE=/none: No such file"):
        REJECT_KEY_FILE.value("/none")


def test_no_process_can_write_the_bytes_of_a_reject_in_clear(file: Path) -> None:
    """Whatever publishes or stores a reject encodes it with the codec of its topic."""
    record = ("sink", "footpath.scan-routed.v1", 2, 7, 1_000, CANARY)
    reject = reject_record(*record, reason=RejectReason.UNDECODABLE, detail="broken")
    keys = RejectKeys(file)
    for codec, kept in ((Codec(protect=keys.protect), CANARY), (Codec(), b"")):
        _, _, value, _ = codec.record(reject)
        assert CANARY not in value
        assert keys.reveal(codec.of(EVENT_REJECTED).decode(value).raw) == kept
