# ruff: noqa: E501 (agents are long)
"""Bots are told from people by what they say of themselves."""

import time
from functools import cache
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.agents import MAX_CHARS, PERSON, Agents
from tests.support.phone_agents import phone_agents

CRAWLERS = [
    instance
    for entry in msgspec.json.decode(files("crawleruseragents").joinpath("crawler-user-agents.json").read_bytes())
    for instance in entry["instances"]
]


@cache
def agents() -> Agents:
    return Agents()


def test_no_phone_is_a_bot_or_in_doubt() -> None:
    found = phone_agents()
    assert len(found) >= 500
    assert [one for one in found if agents().of(one[:MAX_CHARS]) != PERSON] == []


def test_crawlers_are_bots() -> None:
    missed = [one for one in CRAWLERS if not agents().of(one[:MAX_CHARS]).bot]
    assert len(missed) <= len(CRAWLERS) * 0.01, missed
    assert all(agents().of(one).doubted or "MetaIAB" in one for one in missed), "no crawler counts as a browser"


@pytest.mark.parametrize(
    "agent",
    [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 "
        "facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "WhatsApp/2.24.20.89 A", "WhatsApp/2.2587.9 N", "TelegramBot (like TwitterBot)", "Signal/7.40.2", "WhatsApp",
        "Signal-Android/7.21.1 Android/34", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "Viber/23.2.0.3 (like facebookexternalhit)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 12_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.0 "
        "Mobile/15E148 Safari/604.1 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/W.X.Y.Z Mobile Safari/537.36 (compatible; GoogleOther)",
        "WhatsApp/2", "facebookexternalhit/1.1;line-poker/1.0",  # the first is Signal's
        "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.103 Safari/537.36 SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
        "Mattermost-Bot/1.1", "Synapse (bot; +https://github.com/matrix-org/synapse)", "Snap URL Preview Service; bot; snapchat",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
    ],
)  # fmt: skip
def test_fetchers_of_previews_are_bots(agent: str) -> None:
    assert agents().of(agent).bot


@pytest.mark.parametrize("agent", ["", "curl/8.5.0", "python-httpx/0.28.1", "Python/3.11 aiohttp/3.14.5", "till 7"])
def test_a_program_that_is_no_bot_is_in_doubt(agent: str) -> None:
    assert agents().of(agent).doubted


PIECES = ["Mobile", "Instagram ", "(", ")", "[FBAN", "Version/", " ", "a", "Line/1"]
POSERS = st.lists(st.sampled_from(PIECES), max_size=100).map(lambda pieces: "Mozilla/5.0 (iPhone) " + "".join(pieces))


@given(st.text(max_size=MAX_CHARS) | POSERS)
def test_any_agent_gets_an_answer(agent: str) -> None:
    agents().of(agent[:MAX_CHARS])


def test_no_agent_takes_long() -> None:
    """Beside the slowest that people have: no repetition of the expression multiplies."""
    nasty = [
        f"Mozilla/5.0 (iPhone;){repeated}"[:MAX_CHARS] + "!"
        for repeated in (
            " Mobile" * 90,
            " Mobile/a" * 80,
            " Instagram 1 (" * 60,
            " [FBAN" * 90,
            " 1" * 250,
            " Line/1 (a" * 60,
        )
    ]
    slowest = max(map(_seconds, phone_agents()[:50] + CRAWLERS[:50]))
    assert max(map(_seconds, nasty)) < 100 * slowest


def _seconds(agent: str) -> float:
    started = time.perf_counter()
    agents()._of(agent)
    return time.perf_counter() - started
