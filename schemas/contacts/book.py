"""The contacts that the two topics hold, for the process that delivers: nobody else opens them."""

from schemas.contacts.protection import contact_key, reveal_contact
from schemas.contacts.wrapping import KeyWrapper
from schemas.events import ContactKeyCreated, ContactRecorded


class ContactBook:
    """Takes the events and the removals of contact-key-created and contact-recorded, in the order of each partition;
    the two topics in any order between each other."""

    def __init__(self, wrapper: KeyWrapper) -> None:
        self._wrapper = wrapper
        self._keys: dict[str, ContactKeyCreated] = {}
        self._contacts: dict[str, ContactRecorded] = {}

    def take_key(self, event: ContactKeyCreated) -> None:
        self._keys[contact_key(event.identifier, event.key_id)] = event

    def take_contact(self, event: ContactRecorded) -> None:
        self._contacts[event.identifier] = event

    def remove_key(self, topic_key: str) -> None:
        self._keys.pop(topic_key, None)

    def remove_contact(self, topic_key: str) -> None:
        self._contacts.pop(topic_key, None)

    def open(self, identifier: str) -> str | None:
        """The value in normal form; None when none is known, or its key was destroyed.

        :raises KeyDestroyed: the master key does not exist. :raises Damaged: the bytes were changed.
        """
        contact = self._contacts.get(identifier)
        if contact is None:
            return None
        key = self._keys.get(contact_key(identifier, contact.key_id))
        return None if key is None else reveal_contact(key, contact, self._wrapper)
