"""Several identifier keys: what the file may hold, and what stays the same for a value while one follows another."""

from itertools import pairwise

import pytest

from schemas.identifiers.devices import IssuedDevices
from schemas.identifiers.keys import IdentifierKeys, keys_of, read_identifier_keys
from schemas.identifiers.named import Named, others_of
from schemas.identifiers.proofs import Proofs
from schemas.identifiers.pseudonyms import Pseudonyms

OLD, NEW, THIRD = bytes(range(32)), bytes(reversed(range(32))), b"k" * 32
STAGED = IdentifierKeys({"2027-01": NEW, "": OLD})
BOTH = IdentifierKeys({"": OLD, "2027-01": NEW})
DEVICE = "A" * 22


def test_the_first_form_of_the_file_is_one_key_without_an_id() -> None:
    for text in (OLD.hex(), OLD.hex() + "\n", f"{OLD.hex()[:32]}\n{OLD.hex()[32:]}\n", f"# ours\n{OLD.hex()}"):
        assert read_identifier_keys(text) == keys_of(OLD)


def test_a_line_for_each_key_the_newest_last() -> None:
    assert read_identifier_keys(f"{OLD.hex()}\n2027-01 {NEW.hex()}\n") == BOTH
    assert read_identifier_keys(f"2027-01 {NEW.hex()}\n\n# the old one\n{OLD.hex()}\n") == STAGED
    assert (BOTH.newest, STAGED.newest) == (NEW, OLD) and BOTH.oldest == STAGED.oldest == OLD
    assert read_identifier_keys(f"2027-01 {NEW.hex()}").newest == NEW


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "ab" * 15, f"{OLD.hex()}\n2027 {OLD.hex()}", f"a {OLD.hex()}\na {NEW.hex()}",
        f"a {OLD.hex()}\nb {'ab' * 9}",
        f"{OLD.hex()}\n{THIRD.hex()}\na {NEW.hex()}", f"a b {OLD.hex()}", f"a {OLD.hex()} x", "key: " + OLD.hex(),
    ],
)  # fmt: skip
def test_any_other_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_identifier_keys(text)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", " Anna@Mail.Example"), ("phone", "030 9012345"), ("customer", "C-1"), ("device", DEVICE),
     ("mac", "00:1b:63:84:45:e6"), ("loyalty", "L 7")],
)  # fmt: skip
def test_a_value_has_one_identifier_under_each_key(kind: str, value: str) -> None:
    before, both, after = (Pseudonyms(key, "DE") for key in (OLD, BOTH, NEW))
    identifier, normal = both.named(kind, value)
    assert identifier == after.identifier(kind, value) != before.identifier(kind, value)
    assert others_of(Named(identifier, kind, value, "", normal), both) == (before.identifier(kind, value),)
    assert others_of(Named(identifier, kind, value, "", ""), both) == (before.identifier(kind, value),)
    staged = Pseudonyms(STAGED, "DE")
    assert staged.identifier(kind, value) == before.identifier(kind, value)
    assert before.others(kind, normal) == () and not before.has_others


def test_contents_and_traits_stay_comparable_while_both_keys_are_there() -> None:
    pseudonyms = [Pseudonyms(key) for key in (OLD, STAGED, BOTH)]
    assert len({one.digest(b"content") for one in pseudonyms}) == 1
    traits = [one.traits({"given_name": "Anna", "family_name": "Berg"}) for one in pseudonyms]
    assert traits[0] is not None and traits[0] == traits[1] == traits[2]
    assert Pseudonyms(NEW).digest(b"content") != pseudonyms[0].digest(b"content")


def test_phones_keep_their_device_through_all_steps() -> None:
    """Each step is on all gateways before the next, so at any time two neighbouring ones may serve a phone."""
    steps = [IssuedDevices(key) for key in (OLD, STAGED, BOTH, NEW)]
    for one, next_one in pairwise(steps):
        for signs, reads in ((one, next_one), (next_one, one)):
            if signs is steps[3] or reads is not steps[3]:
                assert reads.issued(signs.signed(DEVICE)) == DEVICE
    assert steps[3].issued(steps[2].signed(DEVICE)) == DEVICE and steps[3].issued(steps[0].signed(DEVICE)) is None


def test_proofs_of_either_key_hold_while_both_are_there() -> None:
    for signs in (OLD, NEW, BOTH, STAGED):
        proof = Proofs(signs).proof("email", "a@b.example", DEVICE, 100)
        assert Proofs(BOTH).holds(proof, "email", "a@b.example", DEVICE, 50)
        assert Proofs(STAGED).holds(proof, "email", "a@b.example", DEVICE, 50)
        assert not Proofs(THIRD).holds(proof, "email", "a@b.example", DEVICE, 50)


def test_who_came_back_after_an_erasure_is_known_under_the_next_key_too() -> None:
    """The link goes to the identifier that the person has since then, not to the dead one."""
    dead = {Pseudonyms(OLD).identifier("customer", "C-1"): 5}
    before, both = Pseudonyms(OLD, dead=dead), Pseudonyms(BOTH, dead=dead)
    came_back = before.identifier("customer", "C-1", 9)
    assert came_back not in dead
    identifier, normal = both.named("customer", "C-1", 9)
    assert others_of(Named(identifier, "customer", "C-1", "", normal), both) == (came_back,)
