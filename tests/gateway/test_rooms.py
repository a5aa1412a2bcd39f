"""The gateway's rooms import each other in one direction, and each handler names what it uses."""

import ast
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[2] / "gateway"
MAY_IMPORT = {
    "smtp_server": set[str](),
    "wallet_keys": set[str](),
    "settings": {"smtp_server", "wallet_keys"},
    "log": set[str](),
    "metrics": set[str](),
    "http": {"settings", "metrics"},
    "landing": set(),
    "brand": {"http", "landing"},
    "publish": {"metrics"},
    "identifiers": {"metrics", "brand", "publish"},
    "reply": {"publish"},
    "trust": {"metrics", "http", "brand", "publish"},
    "scan": {"metrics", "http", "landing", "brand", "publish", "identifiers", "reply", "trust"},
    "live": {"metrics", "http", "landing", "publish", "scan"},
    "gs1": {"http", "brand", "scan"},
    "events_api": {"metrics", "http", "brand", "publish", "identifiers"},
    "tracker": {"metrics", "http", "brand", "publish", "identifiers", "events_api"},
    "points": {"http", "brand", "publish", "identifiers", "events_api", "live"},
    "coupons": {"metrics", "http", "brand", "publish", "reply", "scan", "events_api"},
    "privacy": {"smtp_server", "metrics", "http", "brand", "publish", "identifiers", "scan", "events_api"},
    "profile": {
        "wallet_keys",
        "metrics",
        "http",
        "landing",
        "brand",
        "publish",
        "identifiers",
        "scan",
        "events_api",
        "coupons",
        "privacy",
    },
    "surveys": {"http", "landing", "brand", "publish", "scan", "events_api", "privacy"},
    "referrals": {"http", "brand", "events_api", "scan"},
    "staff": {"metrics", "http", "brand", "publish", "privacy", "profile"},
    "health": {"http", "brand", "publish", "reply"},
    "openapi": {"http"},
    "deployment": {"settings", "reply"},
    "app": {
        "settings",
        "metrics",
        "http",
        "landing",
        "brand",
        "publish",
        "identifiers",
        "reply",
        "trust",
        "scan",
        "live",
        "gs1",
        "events_api",
        "tracker",
        "coupons",
        "points",
        "privacy",
        "profile",
        "surveys",
        "referrals",
        "staff",
        "health",
        "openapi",
        "deployment",
    },
    "serve": {"settings", "log", "http", "publish", "app"},
}
"""Each room and module of the gateway, with those that it may import: only such as stand above it."""


def modules() -> list[Path]:
    return [file for file in sorted(GATEWAY.rglob("*.py")) if file != GATEWAY / "__init__.py"]


def room_of(module: str) -> str:
    return module.split(".")[1]


def imported(file: Path) -> set[str]:
    """The rooms that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "gateway":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gateway."):
            found.add(room_of(node.module or ""))
    return found


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(GATEWAY)))
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    room = room_of(".".join(file.relative_to(GATEWAY.parent).with_suffix("").parts))
    assert imported(file) <= MAY_IMPORT[room] | {room}


def test_no_room_imports_one_below_it() -> None:
    above: set[str] = set()
    for room, may_import in MAY_IMPORT.items():
        assert may_import <= above
        above.add(room)


def test_every_room_says_what_it_is() -> None:
    for package in GATEWAY.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(package.read_text())), package


def test_only_the_application_knows_all_services() -> None:
    for file in modules():
        assert file == GATEWAY / "app.py" or "Services" not in file.read_text(), file
