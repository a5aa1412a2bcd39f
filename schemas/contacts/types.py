"""Types of identifiers by whose value somebody can be reached."""

from typing import Final

CONTACT_TYPES: Final = frozenset({"email", "phone"})
