"""A contact's value in protected form, and its data key: two events, of which each alone says nothing.

Every value has a data key of its own, used once, so that destroying the key makes all copies of the value unreadable.
"""

import os
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.contacts.wrapping import KeyWrapper
from schemas.events import ContactKeyCreated, ContactRecorded
from schemas.protection.cipher import Damaged

KEY_BYTES: Final = 32
NONCE: Final = bytes(12)
"""A data key encrypts one value only, so one nonce is enough."""
KEY_ID_BYTES: Final = 8


class ProtectedContact(NamedTuple):
    """The key and what it protects, in the order in which they are published."""

    key: ContactKeyCreated
    contact: ContactRecorded


def protect_contact(identifier: str, value: str, wrapper: KeyWrapper, now: int) -> ProtectedContact | None:
    """The events that keep a contact; None when there is no master key at present.

    :param value: in normal form. :param now: in microseconds.
    """
    drawn = os.urandom(KEY_BYTES + KEY_ID_BYTES)
    key, key_id = drawn[:KEY_BYTES], drawn[KEY_BYTES:].hex()
    event_id = contact_key(identifier, key_id)
    context = event_id.encode()
    wrapped = wrapper.wrap(key, context)
    if not wrapped:
        return None
    protected = AESGCM(key).encrypt(NONCE, value.encode(), context)
    return ProtectedContact(
        ContactKeyCreated(event_id=event_id, occurred_at=now, identifier=identifier, key_id=key_id, wrapped=wrapped),
        ContactRecorded(event_id=event_id, occurred_at=now, identifier=identifier, key_id=key_id, protected=protected),
    )


def reveal_contact(key: ContactKeyCreated, contact: ContactRecorded, wrapper: KeyWrapper) -> str:
    """The value.

    :raises KeyDestroyed: the master key does not exist.
    :raises Damaged: the bytes were changed, or are of another identifier or key.
    """
    context = contact_key(contact.identifier, contact.key_id).encode()
    data_key = wrapper.unwrap(key.wrapped, context)
    try:
        return AESGCM(data_key).decrypt(NONCE, contact.protected, context).decode()
    except (InvalidTag, ValueError):
        raise Damaged("the bytes are damaged") from None


def contact_key(identifier: str, key_id: str) -> str:
    """What key and value are bound to: the key's name on its topic."""
    return f"{identifier}/{key_id}"
