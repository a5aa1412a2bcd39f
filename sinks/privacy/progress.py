"""How far a request about data has come, folded from the topics; pure.

An erasure is done in this order: identity resolves whom it concerns and marks every identifier dead (that is on
profile-erased before anything is deleted), every processor says that it has removed what it kept, and what they had
published until then is in the tables; then the tables are rewritten.
"""

from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from schemas.events import ErasureApplied, PrivacyAnswered, PrivacyResolved

PROCESSORS: Final = ("identity", "context", "rewards", "consent", "matching")
"""All that keep something of a source profile; held by a test against the topic's writers."""
WORKING: Final = "working"
DONE: Final = "done"
NOBODY: Final = "nobody"
FAILED: Final = "failed"
ANONYMOUS: Final = "anonymous"
"""Member of an answer's detail, from the first row that is erased to the last."""

Next = Literal["wait", "nobody", "erase", "data"]


@dataclass(slots=True)
class Progress:
    """One request. ``anonymous`` is the person in place of the one erased, once that was begun; ``stated`` what the
    gateway that took the request says of it, which every answer repeats. ``resolved`` by the number of the identifier,
    ``removed`` by processor and source profile."""

    request_id: str
    action: str = ""
    scope: str = ""
    requested_at: int = 0
    of: int = 0
    status: str = ""
    anonymous: UUID | None = None
    stated: dict[str, Any] = field(default_factory=dict)
    resolved: dict[int, PrivacyResolved] = field(default_factory=dict)
    removed: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, event: PrivacyResolved | ErasureApplied | PrivacyAnswered) -> None:
        """Takes an event of the request; the same again changes nothing."""
        match event:
            case PrivacyResolved():
                self.resolved.setdefault(event.number, event)
                self.action, self.scope, self.of = event.action, event.scope, event.of
                self.requested_at = event.occurred_at
            case ErasureApplied():
                self.removed.setdefault((event.processor, event.source_profile_id), event.removed)
            case PrivacyAnswered():
                # What a gateway says of a request that it took may be read after the answer.
                if self.status in ("", WORKING):
                    self.action, self.status = event.action, event.status
                    self.requested_at = self.requested_at or event.occurred_at
                if event.status == WORKING:
                    self._note(event.detail)

    def _note(self, detail: str) -> None:
        try:
            said = msgspec.json.decode(detail, type=dict[str, Any])
            anonymous = said.pop(ANONYMOUS, "")
            self.anonymous = self.anonymous or (UUID(anonymous) if anonymous else None)
        except (msgspec.MsgspecError, ValueError, AttributeError):  # as other producers may have written it
            return
        self.stated.update(said)

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for an answer."""
        return self.status in ("", WORKING)

    @property
    def people(self) -> tuple[str, ...]:
        """The persons that were found."""
        return tuple(sorted({one.person_id for one in self.resolved.values() if one.person_id}))

    @property
    def profiles(self) -> dict[str, str]:
        """The identifiers concerned, by their source profiles."""
        return {
            profile: identifier
            for one in self.resolved.values()
            for profile, identifier in zip(one.source_profile_ids, one.identifiers, strict=True)
        }

    @property
    def next(self) -> Next:
        """What is to be done."""
        if not self.is_open or not self.of or len(self.resolved) < self.of:
            return "wait"
        if not self.profiles:
            return "nobody"
        if self.action != "erase":
            return "data"
        missing = any((processor, profile) not in self.removed for processor in PROCESSORS for profile in self.profiles)
        return "wait" if missing else "erase"

    def removed_by_processor(self) -> dict[str, int]:
        """How many things each processor had of the source profiles."""
        counts = dict.fromkeys(PROCESSORS, 0)
        for (processor, profile), count in self.removed.items():
            if profile in self.profiles and processor in counts:
                counts[processor] += count
        return counts
