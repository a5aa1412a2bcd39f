"""Values that stand where an identifier should be: everybody who has none shares them, so they join nobody.

What others refuse, by their own public lists: Segment suggests blocking runs of zeros and dashes, ``-1``, ``null`` and
``anonymous`` (documentation of Identity Resolution, "Blocked values"); PostHog refuses to merge by anonymous, guest,
distinct_id, id, not_authenticated, email, undefined, true, false in any case, and by ``[object Object]``, NaN, None,
null and 0, each also in single or double quotes (its merge service). Both are covered here, in any case and behind any
quotes or brackets. Constants of devices: iOS and Android answer ``02:00:00:00:00:00`` to whoever asks for their MAC
address, an advertising id that may not be read is the UUID of zeros. Words of mailboxes and repeated digits are ours.
"""

import re
from typing import Final

WRAPPING: Final = " \t\n\r\\'\"`´‘’“”„‚«»‹›()[]{}<>"
WORDS: Final = frozenset(
    {
        *("null", "nil", "none", "undefined", "nan", "void", "empty", "missing", "blank", "not set", "unassigned"),
        *("n/a", "na", "n.a", "n.a.", "n/v", "k.a.", "not available", "unknown", "unbekannt"),
        *(
            "anonymous",
            "anon",
            "guest",
            "guest user",
            "visitor",
            "test",
            "tester",
            "testing",
            "dummy",
            "fake",
            "sample",
        ),
        *("id", "distinct_id", "email", "not_authenticated", "unauthenticated", "logged_out"),
        *("object object", "true", "false", "-1"),
    }
)
"""Whole values, without what they are wrapped in, in lower case."""
MAILBOXES: Final = re.compile(
    r"(?:test(?:er|ing|e?mail|user|account)?|dummy|fake|example|asdf|no[-_.]?(?:e[-_.]?)?mail|null|nil|none|na|n/a|nan"
    r"|undefined|unknown|unbekannt|anonymous|anon|guest|(?:do[-_.]?not|no)[-_.]?reply)[-_.]?[0-9]*"
)
"""What stands before the @ of addresses that are typed to get past a form, or that nobody reads."""
_ZEROS: Final = "0 -_.:/+#"
_REPEATED: Final = re.compile(r"([0-9f])(?:[ \-_.:/]*\1){5,}")
"""Six times or more the same digit, or hexadecimal f: 111111, 999-999-999, the MAC address and the UUID of all ones."""
_REPEATED_NUMBER: Final = re.compile(r"\+[0-9]{1,3}(?:([0-9])\1{5,}|0{2,})")
"""In normal form, behind the country's code: no number begins with two zeros, so zeros alone need not be six."""
_CONSTANT_MAC: Final = "020000000000"


def is_placeholder(kind: str, text: str) -> bool:
    """Whether a value of this type of identifier, trimmed or in normal form, is one that strangers share."""
    bare = text.strip(WRAPPING).casefold()
    if bare in WORDS or not bare.strip(_ZEROS):
        return True
    if bare[0] == bare[-1] and _REPEATED.fullmatch(bare):
        return True
    match kind:
        case "email":
            return _is_no_mailbox(bare)
        case "phone":
            return _REPEATED_NUMBER.fullmatch(bare) is not None
        case "mac":
            return bare == _CONSTANT_MAC
        case _:
            return False


def _is_no_mailbox(address: str) -> bool:
    mailbox, _, domain = address.partition("@")
    if MAILBOXES.fullmatch(mailbox.partition("+")[0]):
        return True
    # a@a.com, x@x.de: one key held down.
    return len(mailbox) == 1 and domain.partition(".")[0] == mailbox
