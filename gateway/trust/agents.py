"""Which clients are bots, by what they say of themselves: crawlers, and fetchers of link previews.

The list is crawler-user-agents (MIT), with the fetchers that it lacks: one expression of 1,500 alternatives, those that
are plain text by their first letters, since a regular expression tries all of them at each character. Answers are
remembered by agent, and the agents of phones' browsers and of the browsers within apps, of which every model and build
has its own, are recognised as a whole first.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

MAX_CHARS: Final = 512
"""Of an agent that is looked at."""
_PREVIEWERS: Final = (
    r"\b(?:Signal|Signal-(?:Android|iOS|Desktop))/",
    r"facebookexternalhit|Facebot|Twitterbot",  # iMessage says these; Meta's own and WhatsApp on iOS, too
    r"^WhatsApp",
    r"^Viber",
    r"\bLine-?spider|\bLINE-Parts",
    r"Mattermost-Bot|Rocket\.Chat|Zulip(?:URLPreview)?|Synapse(?:/|\b.*bot)|Matrix-Media-Repo",
    r"SkypeUriPreview|MicrosoftPreview|Teams(?:Link)?Preview|ms-office; MSOffice",
    r"Discordbot|TelegramBot|Slack-ImgProxy|Slackbot|LinkedInBot|redditbot|vkShare|kakaotalk-scrap",
    r"Iframely|Embedly|Bluesky Cardyb|Mastodon/|Google-PageRenderer|Snap URL Preview|PetalBot",
    r"(?i:\b[a-z-]*(?:crawler|spider|preview(?:er)?)(?:/|;|\b))",
    r"(?i:[a-z]bot(?:/|;|\)| |$))",
    r"HeadlessChrome|PhantomJS|Lighthouse",
)
_TOOLS: Final = re.compile(
    r"curl(?:/[\d.]+\S*)?|python-httpx/\S+|Python/\S+ aiohttp/\S+|"
    r"Python-urllib/3\.(?:[89]|\d\d)|python-requests/2\.(?:2[5-9]|[3-9]\d)\S*"
)
"""What programs of a shop and its tests scan with: no browser, and no fetcher of previews either. Their scans count, in
doubt."""
_APPS: Final = (
    "Version|Mobile|Safari|Chrome|CriOS|FxiOS|EdgiOS|EdgA|GSA|GoogleApp|SamsungBrowser|OPR|OPT|OPiOS|OPX|DuckDuckGo|Ddg|Brave|"
    "YaBrowser|YaApp_Android|YaApp_iOS|YaSearchBrowser|BroPP|SA|Focus|Klar|Vivaldi|UCBrowser|MiuiBrowser|XiaoMi|"
    "HuaweiBrowser|HonorBrowser|HeyTapBrowser|VivoBrowser|Quark|QuarkPC|MQQBrowser|QQ|MicroMessenger|NetType|Language|"
    "Weixin|MMWEBID|MMWEBSDK|WeChat|ABI|Process|XWEB|Instagram|Barcelona|Threads|musical_ly|trill|BytedanceWebview|"
    "ByteLocale|ByteFullLocale|JsSdk|Channel|AppName|AppVersion|app_version|Region|RevealType|isDarkMode|WKWebView|"
    "WebView|AppSkin|AppTheme|Line|LIFF|LINE|KAKAOTALK|NAVER|Whale|Snapchat|TwitterAndroid|Twitter|Pinterest|Gecko|"
    "Firefox|BingSapphire|BingWeb|Silk|Puffin|Ecosia|AlohaBrowser|PHX|Phoenix|Coc_Coc_Browser|baiduboxapp|SearchCraft|"
    "Zalo|ZaloTheme|ZaloLanguage|AliApp|DingTalk|Telegram-Android|AvastSecureBrowser|Kiwi|Maxthon|MxBrowser|QwantMobile|"
    "Orion|Arc|ArcMobile2|JioSphere|LinkedInApp|WhatsApp-iOS|FalconTag|ArkWeb|MetaIAB|FBAN|FBAV"
)
"""Names that phones' browsers, and the browsers within apps, put after the engine's."""
_COMMENT: Final = r"\((?![^()]*(?:[Bb]ot|https?:|compatible|@))[^()]{0,300}\)"
_TOKEN: Final = (
    rf"(?:{_APPS})(?:_[\d.]+)?(?:[/:][\w.+%@#/-]*)?(?: ?{_COMMENT})?|Instagram [\d.]+(?: Android)? {_COMMENT}|"
    r"\[(?:FBAN|FB_IAB|FBIOS|FBAN/[^;\]]+|Pinterest|LinkedInApp)[^\]]{0,400}\](?:/[\w.]+)?|"
    r"(?:KAKAOTALK|WeChat|Twitter for iPhone|Beta|inapp|search|Facebook|ios|android|light|dark|like|wv|Store|"
    r"[\d.]+|\w\w-\w\w)(?:/[\w.]+)?"
)
_PERSON: Final = re.compile(
    r"Mozilla/5\.0 \((?:iPhone|iPad|iPod touch|iPod|Linux; (?:U; )?(?:arm_64; )?Android|Android|Linux; HarmonyOS|"
    r"Phone; OpenHarmony)\b(?![^()]*(?:compatible|https?:|[Bb]ot\b|Storebot))[^()]*\)"
    rf"(?: AppleWebKit/[\d.+]+(?: ?\(KHTML, like Gecko\))?)?(?: (?:{_TOKEN}))*"
)
_DOUBTED: Final = re.compile(r"(?:Mozilla|Opera|Dalvik|BlackBerry|Nokia)\S*[/ ]")


class Agent(msgspec.Struct, frozen=True):
    """What a client is: a bot, or somebody's browser; ``doubted``: it says nothing that a browser says."""

    bot: bool
    doubted: bool = False


PERSON: Final = Agent(bot=False)
_BOT: Final = Agent(bot=True)
_UNCLEAR: Final = Agent(bot=False, doubted=True)


class Agents:
    """What clients are, by a list of bots that a process reads once, in 0.2 s."""

    def __init__(self) -> None:
        self._bots = _bots()
        self.of = lru_cache(8192)(self._of)

    def _of(self, agent: str) -> Agent:
        """What a client is. :param agent: its User-Agent, at most :data:`MAX_CHARS`; empty where it sends none."""
        if _PERSON.fullmatch(agent):
            return PERSON
        if _TOOLS.fullmatch(agent):
            return _UNCLEAR
        if self._bots.search(agent.replace("CUBOT", "")):
            return _BOT
        return PERSON if _DOUBTED.match(agent) else _UNCLEAR


class _Entry(msgspec.Struct):
    pattern: str


@cache
def _bots() -> re.Pattern[str]:
    entries = msgspec.json.decode(
        files("crawleruseragents").joinpath("crawler-user-agents.json").read_bytes(), type=list[_Entry]
    )
    patterns = [one.pattern for one in entries]
    plain = [text for one in patterns if (text := _plain_text(one))]
    others = [f"(?:{one})" for one in patterns if not _plain_text(one)]
    return re.compile("|".join((_by_letters(plain), *others, *_PREVIEWERS)))


def _plain_text(pattern: str) -> str:
    """The only text that a pattern matches; empty where it is none."""
    text = re.sub(r"\\([^\w\s])", "", pattern)
    return "" if re.search(r"[][\\(){}*+?|^$.]", text) else re.sub(r"\\([^\w\s])", r"\1", pattern)


def _by_letters(texts: list[str]) -> str:
    """An expression that matches each text, or whatever begins with it; common beginnings are tried once."""
    if "" in texts:
        return ""
    rest: dict[str, list[str]] = {}
    for text in texts:
        rest.setdefault(text[0], []).append(text[1:])
    return "(?:" + "|".join(re.escape(letter) + _by_letters(more) for letter, more in rest.items()) + ")"
