"""The sections of the report, in the order of the page."""

from typing import Final

from sinks.analysis.report.section import Section
from sinks.analysis.report.sections import attribution, influence, money, paths, rejects, rewards, stream, trust, uplift

SECTIONS: Final[tuple[Section, ...]] = (
    attribution.SECTION,
    trust.SECTION,
    influence.SECTION,
    money.SECTION,
    uplift.SECTION,
    paths.SECTION,
    stream.SECTION,
    rejects.SECTION,
    rewards.SECTION,
)
