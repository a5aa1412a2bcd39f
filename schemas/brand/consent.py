"""Section ``consent``: what people are asked, a purpose each, and what counts where they said nothing.

A brand without the section, and a purpose that it does not have, is allowed unless it was withdrawn; Global Privacy
Control is recorded and withdraws nothing.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar, Final, Literal

import msgspec

from schemas.brand.item import Item, Mistake, Part, Sections, unknown_name
from schemas.consent.purposes import PURPOSES
from schemas.countries import COUNTRIES
from schemas.languages import language_faults

OPT_IN, OPT_OUT = "opt_in", "opt_out"
Default = Literal["opt_in", "opt_out"]
_JURISDICTION: Final = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?")
MAX_TEXT_CHARS: Final = 2_000
STATED_DEFAULT: Final = (
    "everything is allowed unless somebody withdrew it, and Global Privacy Control withdraws nothing"
)


class Policy(Part, frozen=True):
    """A text of a purpose's policy: its version, its language (BCP 47), and what people read."""

    version: str
    language: str
    text: str


class Consent(Item, frozen=True, omit_defaults=True):
    """A purpose; its id is one of ``identity``, ``personalisation``, ``marketing`` and ``analytics``.

    ``default`` says what silence means: with ``opt_in`` nothing is done without a grant, with ``opt_out`` everything
    until it is withdrawn. ``jurisdictions`` says it for places: countries (ISO 3166-1) or their parts (ISO 3166-2, such
    as US-CA), of which the part counts first. ``gpc`` lists the places where the browser's Global Privacy Control
    withdraws. ``policy`` is the version in force of ``policies``; whoever granted another one is asked again.
    """

    section: ClassVar[str] = "consent"
    kind: ClassVar[str] = "consent"

    default: Default = "opt_out"
    jurisdictions: dict[str, Default] = msgspec.field(default_factory=dict)
    gpc: tuple[str, ...] = ()
    policy: str = ""
    policies: tuple[Policy, ...] = ()

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from unknown_name("id", self.id, PURPOSES, "no purpose is called")
        for place in self.jurisdictions:
            yield from unknown_jurisdiction(f"jurisdictions.{place}", place)
        for index, place in enumerate(self.gpc):
            yield from unknown_jurisdiction(f"gpc[{index}]", place)
        versions = {policy.version for policy in self.policies}
        if self.policies or self.policy:
            yield from unknown_name("policy", self.policy, versions, "no text of policies has the version")
        seen = set[tuple[str, str]]()
        for index, policy in enumerate(self.policies):
            for fault in language_faults(policy.language):
                yield f"policies[{index}].language", fault
            if not policy.text.strip():
                yield f"policies[{index}].text", "must say what people agree to"
            if len(policy.text) > MAX_TEXT_CHARS:
                yield f"policies[{index}].text", f"has {len(policy.text)} characters; {MAX_TEXT_CHARS} is the most"
            if (policy.version, policy.language) in seen:
                yield f"policies[{index}]", f"version {policy.version!r} has a text in {policy.language!r} already"
            seen.add((policy.version, policy.language))

    @property
    def versions(self) -> frozenset[str]:
        """The versions of the policy that have a text."""
        return frozenset(policy.version for policy in self.policies)

    def asks_first(self, jurisdiction: str) -> bool:
        """Whether silence is no consent there."""
        country = jurisdiction.partition("-")[0]
        by_country = self.jurisdictions.get(country, self.default)
        return self.jurisdictions.get(jurisdiction, by_country) == OPT_IN

    def heeds_gpc(self, jurisdiction: str) -> bool:
        """Whether Global Privacy Control withdraws there."""
        return jurisdiction in self.gpc or jurisdiction.partition("-")[0] in self.gpc


def unknown_jurisdiction(field: str, place: str) -> Iterator[Mistake]:
    """A mistake where a place is no country and no part of one."""
    if not is_jurisdiction(place):
        yield field, f"{place!r} must be a country or a part of one, such as DE or US-CA (ISO 3166)"


def is_jurisdiction(place: str) -> bool:
    """Whether a text has the form of a country, or of a part of one."""
    found = _JURISDICTION.fullmatch(place)
    return found is not None and found[1] in COUNTRIES


def jurisdiction_of(store: str, stores: Mapping[str, Any], country: str) -> str:
    """Where an event happened, whose law counts: the region and country of its store, else the country of the brand.

    :param store: id of the store, empty for none. :param stores: the brand's. :param country: the brand's.
    """
    found = stores.get(store)
    if found is None:
        return country
    of = found.country or country
    if not found.region:
        return str(of)
    return found.region if "-" in found.region else f"{of}-{found.region}"


def silence(consent: Collection[Consent]) -> Iterator[str]:
    """What counts where nobody said anything, a sentence a purpose."""
    if not consent:
        yield f"no section consent: {STATED_DEFAULT}"
        return
    known = {purpose.id: purpose for purpose in consent}
    for purpose in PURPOSES:
        one = known.get(purpose)
        if one is None:
            yield f"{purpose}: not in the section, so allowed unless withdrawn"
            continue
        places = ", ".join(f"{place} {default}" for place, default in sorted(one.jurisdictions.items()))
        gpc = f"; GPC withdraws in {', '.join(one.gpc)}" if one.gpc else ""
        yield f"{purpose}: {one.default}{f', {places}' if places else ''}{gpc}"
