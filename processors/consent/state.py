"""What consent stores of a person."""

from processors.parts import Parts
from schemas.consent.choices import NOTHING_SAID, Consents


class Wishes(Parts[Consents], frozen=True, array_like=True, gc=False):
    """What each source profile of a person said, of every purpose. At most ``CHOICES_KEPT`` choices of a key are kept;
    the table ``consent_changed`` has all of them."""

    def part(self, profile: str) -> Consents:
        return self.parts.get(profile, NOTHING_SAID)
