"""Contact values: what protects them, what opens them, and what nobody can open any more."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.key_files import add_key, destroy_keys
from schemas.contacts.book import ContactBook
from schemas.contacts.protection import ProtectedContact, contact_key, protect_contact, reveal_contact
from schemas.contacts.wrapping import KeyWrapper, MasterKeys, master_of
from schemas.process.shared_settings import CONTACT_KEY_FILE
from schemas.protection.cipher import Damaged
from schemas.protection.keys import KeyDestroyed
from tests.support.contacts import CODEC, write_contact_keys

ANNA, BEN = f"email:{'a' * 32}", f"email:{'b' * 32}"
ADDRESS = "anna@mail.example"
SETTING = CONTACT_KEY_FILE.name


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_contact_keys(tmp_path)


def protected(wrapper: KeyWrapper, identifier: str = ANNA, value: str = ADDRESS) -> ProtectedContact:
    found = protect_contact(identifier, value, wrapper, 1)
    assert found is not None
    return found


def test_only_both_events_and_the_master_key_give_the_value(file: Path, tmp_path: Path) -> None:
    keys = MasterKeys(file)
    key, contact = protected(keys)
    assert reveal_contact(key, contact, keys) == reveal_contact(key, contact, MasterKeys(file)) == ADDRESS
    for event in (key, contact):
        assert ADDRESS.encode() not in CODEC.record(event)[2]
    other = MasterKeys(write_contact_keys(tmp_path / "other")) if (tmp_path / "other").mkdir() is None else keys
    with pytest.raises(KeyDestroyed):
        reveal_contact(key, contact, other)


def test_the_same_value_never_looks_the_same(file: Path) -> None:
    keys = MasterKeys(file)
    found = [protected(keys) for _ in range(50)] + [protected(MasterKeys(file)) for _ in range(50)]
    for part in zip(*((one.key.wrapped, one.contact.protected, one.key.key_id) for one in found), strict=True):
        assert len(set(part)) == len(found)


def test_a_key_or_a_contact_of_somebody_else_opens_nothing(file: Path) -> None:
    keys = MasterKeys(file)
    anna, ben = protected(keys), protected(keys, BEN, "ben@mail.example")
    for key, contact in ((anna.key, ben.contact), (ben.key, anna.contact)):
        with pytest.raises(Damaged):
            reveal_contact(key, contact, keys)
    for at in range(len(anna.key.wrapped)):
        changed = bytearray(anna.key.wrapped)
        changed[at] ^= 1
        with pytest.raises((Damaged, KeyDestroyed)):
            keys.unwrap(bytes(changed), contact_key(ANNA, anna.key.key_id).encode())
    with pytest.raises(Damaged):
        keys.unwrap(anna.key.wrapped[:30], b"")


def test_keys_overlap_until_the_old_one_is_destroyed(file: Path) -> None:
    keys = MasterKeys(file)
    before, old = protected(keys), keys.newest_id
    new = add_key(file, SETTING)
    after = protected(keys)
    assert (master_of(before.key.wrapped), master_of(after.key.wrapped)) == (old, new)
    assert reveal_contact(*before, keys) == reveal_contact(*after, keys) == ADDRESS
    destroy_keys(file, [old], SETTING)
    with pytest.raises(KeyDestroyed):
        reveal_contact(*before, keys)
    assert reveal_contact(*after, keys) == ADDRESS


def test_without_a_master_key_nothing_is_kept(file: Path) -> None:
    keys = MasterKeys(file)
    file.unlink()
    assert protect_contact(ANNA, ADDRESS, keys, 1) is None and keys.newest_id == ""


class ReversingKms:
    """A KMS of a test: the port takes any."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        return context + key[::-1]

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        if not wrapped.startswith(context):
            raise Damaged("other bytes")
        return wrapped[len(context) :][::-1]


def test_a_kms_may_wrap() -> None:
    book = ContactBook(ReversingKms())
    key, contact = protected(ReversingKms())
    book.take_key(key)
    book.take_contact(contact)
    assert book.open(ANNA) == ADDRESS and book.open(BEN) is None


@given(st.lists(st.sampled_from(["key 0", "contact 0", "key 1", "contact 1", "key 2", "contact 2"]), min_size=1))
def test_whichever_gateway_wrote_last_its_contact_can_be_opened(order: list[str]) -> None:
    """Three gateways make a key each for the same contact; records come in any order, again, and compacted."""
    kms = ReversingKms()
    written = [protected(kms) for _ in range(3)]
    book, last, keys = ContactBook(kms), None, set()
    for what, number in (one.split() for one in order):
        gateway = int(number)
        if what == "key":
            book.take_key(written[gateway].key)
            keys.add(gateway)
        else:
            book.take_contact(written[gateway].contact)
            last = gateway
        assert book.open(ANNA) == (ADDRESS if last in keys else None)
    for gateway in range(3):
        book.remove_key(contact_key(ANNA, written[gateway].key.key_id))
    assert book.open(ANNA) is None, "what its tombstones destroy nobody opens"
    book.remove_contact(ANNA)
    assert book.open(ANNA) is None
