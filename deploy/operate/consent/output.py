"""A person's consent as tables for a terminal."""

from rich.console import Console
from rich.table import Table

from deploy.operate.consent.person import PersonConsent

WORDS = {
    "granted": "granted",
    "withdrawn": "withdrawn",
    "gpc": "the browser's Global Privacy Control",
    "forgotten": "more was said than is kept",
    "opt_in": "nothing said; opt-in",
    "opt_out": "nothing said; opt-out",
}


def print_consent(found: PersonConsent, console: Console) -> None:
    """Prints what is allowed now and why, then everything that was said, the oldest first."""
    console.print(f"person {found.person_id}: defaults of {found.jurisdiction or 'no country'}")
    uses = Table("purpose", "now", "because", "", box=None, pad_edge=False, header_style="bold")
    for use in found.uses:
        notes = ["the browser says otherwise"] * use.conflicting + ["ask"] * use.is_asked
        uses.add_row(use.purpose, "yes" if use.allowed else "no", WORDS.get(use.why, use.why), "; ".join(notes))
    console.print(uses)
    if found.said:
        columns = ("said at (UTC)", "purpose", "what", "policy", "jurisdiction", "by", "event", "proof")
        said = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for one in found.said:
            about = f"{one.purpose}/{one.channel}".rstrip("/")
            what = one.after if one.kind == "choice" else one.kind
            by = " ".join(filter(None, (one.source, one.store)))
            place, event = one.jurisdiction, one.source_event_id
            said.add_row(one.occurred_at[:19], about, what, one.policy_version, place, by, event, one.proof)
        console.print(said)
