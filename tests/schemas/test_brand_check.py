"""The check of a brand refuses what the runtime could not do, names the entry at fault, and never ends in a trace."""

from pathlib import Path

import pytest

from schemas.brand.load import BrandError, load
from schemas.brand.suggestions import closest
from tests.support.brand_files import YAML, write

HOURS = 'hours: "Mo-Fr 08:00-20:00"'
TAGGED = "store: mitte, product"
FALLBACK = "store: mitte, fallback: 'https://shop.example/%s', product"
TAG_FALLBACK = "13:51: tag shelf-1.fallback"
MORE = "  country: DE"
CHANNEL = MORE + "\n  channels: [{channel: a, %s}]"


def refused(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """The mistakes in the small brand with pieces of its text replaced, without the path of the file."""
    text = YAML
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return refused_text(folder, text)


def refused_text(folder: Path, text: str | bytes) -> list[str]:
    file = folder / "brand.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BrandError) as error:
        load(folder)
    return [str(problem).removeprefix(f"{file}:") for problem in error.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        # What a fallback holds is served as it is, so braces are a mistake.
        (TAGGED, FALLBACK % "t/{nope}", TAG_FALLBACK, "braces"),
        (TAGGED, FALLBACK % "t/{tag}", TAG_FALLBACK, "braces"),
        (TAGGED, FALLBACK % "{", TAG_FALLBACK, "braces"),
        ("example/hello", "example/{store}", "6:3: brand kolibri.fallback", "braces"),
        # Placeholders are names and nothing else.
        ("{product}", "{stock:d}", "19:14: route buy.action.url", "no {stock:d}; did you mean {stock}?"),
        ("{product}", "{stock:{nope}}", "19:14: route buy.action.url", "no {nope}"),
        ("{product}", "{product_name!x}", "19:14: route buy.action.url", "did you mean {product_name}?"),
        ("{product}", "{produkt}", "19:14: route buy.action.url", "did you mean {product}?"),
        ("{product}", "{tag.id}", "19:14: route buy.action.url", "no {tag.id}"),
        ("{product}", "{}", "19:14: route buy.action.url", "no {}"),
        ("{product}", "{", "19:14: route buy.action.url", "single { at character 24"),
        # Languages exist, and parameters of links hold nobody's address.
        (MORE, MORE + "\n  language: german", "6:3: brand kolibri.language", "did you mean 'de'?"),
        (MORE, MORE + "\n  direction: left", "6:3: brand.direction", "invalid enum value 'left'"),
        (MORE, MORE + "\n  query: {parameters: [email]}", "6:", "never kept"),
        (MORE, MORE + "\n  query: {parameters: [shelf, PhoneNumber]}", "6:", "never kept"),
        (MORE, MORE + "\n  query: {parameters: [utm_source]}", "6:", "counts anyway"),
        (MORE, MORE + "\n  query: {parameters: ['a b']}", "6:", "letters, digits"),
        (MORE, MORE + "\n  query: {parameters: [ref, Ref]}", "6:", "listed twice"),
        (MORE, MORE + f"\n  query: {{parameters: [{', '.join(f'p{n}' for n in range(21))}]}}", "6:", "20 is the most"),
        # Numbers fit the records that carry them.
        ("priority: 10", "priority: 2147483648", "16:5: route buy.priority", "not between"),
        ("priority: 10", "priority: -2147483649", "16:5: route buy.priority", "not between"),
        ("version: 1", "version: 20261128120000", "21:16: reward scan.version", "not between"),
        ("points: 5", f"points: {2**63 - 1}", "21:40: reward scan.points", "too many"),
        ("types: [scan]", f"visits_at_least: {10**30}", "18:33: route buy.when.visits_at_least", "beyond 64 bits"),
        ("types: [scan]", "spent_at_least: 1e99", "18:33: route buy.when.spent_at_least", "more than any event's"),
        # Texts fit a record, a page and a header.
        ("name: Mitte", f"name: {'x' * 301}", "9:17: store mitte.name", "301 characters"),
        ("name: Mitte", 'name: "a\\x1bb"', "9:17: store mitte.name", "control characters"),
        ("p/{product}", "p/" + "x" * 2000, "19:14: route buy.action.url", "2000 is the most"),
        # Conditions that can never hold.
        ("placements: [shelf]", "placements: [shelff]", "18:12: route buy.when.placements", "did you mean 'shelf'?"),
        ("types: [scan]", "categories: [coffe]", "18:33: route buy.when.categories", "did you mean 'coffee'?"),
        ("types: [scan]", "bought_categories: [coffe]", "18:33: route buy.when.bought_categories", "'coffee'?"),
        ("types: [scan]", "types: [sale]", "18:33: route buy.when.types", "there are scan, nfc_tap"),
        ("types: [scan]", "stores: [mite]", "18:33: route buy.when.stores", "did you mean 'mitte'?"),
        ("types: [scan]", "tags: [shelf1]", "18:33: route buy.when.tags", "did you mean 'shelf-1'?"),
        ("types: [scan]", "stock_at_least: 5, stock_at_most: 2", "18:52: route buy.when.stock_at_most", "never holds"),
        ("types: [scan]", "stock_at_most: -1", "18:33: route buy.when.stock_at_most", "never holds"),
        ("points: 5", "points: 5, placements: [shelff]", "21:51: reward scan.placements", "did you mean 'shelf'?"),
        ("on: [scan]", "on: [skan]", "21:28: reward scan.on", "did you mean 'scan'?"),
        ("on: [scan]", "on: []", "21:28: reward scan.on", "must name"),
        (MORE, CHANNEL % "placement: shelff", "6:27: ", "did you mean 'shelf'?"),
        (MORE, CHANNEL % "type: nfc_tab", "6:27: ", "did you mean 'nfc_tap'?"),
        (MORE, MORE + "\n  identifier_types: ['my:card']", "6:22: ", "small letters"),
        (MORE, MORE + "\n  identifier_types: [email]", "6:22: ", "built in"),
        # Codes.
        ("country: DE", "country: UK", "5:3: brand kolibri.country", "did you mean 'GB'?"),
        ("country: DE", "country: de", "5:3: brand kolibri.country", "did you mean 'DE'?"),
        ("country: DE", "country: ÄÖ", "5:3: brand kolibri.country", "ISO 3166"),
        ("currency: EUR", "currency: E1R", "4:3: brand kolibri.currency", "ISO 4217"),
        ("currency: EUR", "currency: ÄÖÜ", "4:3: brand kolibri.currency", "ISO 4217"),
        ("currency: EUR", "currency: eur", "4:3: brand kolibri.currency", "did you mean 'EUR'?"),
        ("Europe/Berlin", "Europe/Berlim", "9:30: store mitte.time_zone", "did you mean 'Europe/Berlin'?"),
        ("name: Mitte", "name: Mitte, country: GER", "9:30: store mitte.country", "ISO 3166"),
        # Fields and sections.
        ("placement: shelf", "placment: shelf", "13:19: tags[0].placment", "did you mean 'placement'?"),
        ("types: [scan]", "placement: [shelf]", "18:33: routes[0].when.placement", "did you mean 'placements'?"),
        ("placement: shelf", "placement: shelv", "13:19: tags[0].placement", "did you mean 'shelf'?"),
        ("tags:", "tag:", "12:1: tag", "did you mean 'tags'?"),
        ("id: shelf-1", "id: '..'", "13:6: tag ...id", "dots alone"),
        ("id: buy", "id: fallback", "15:5: route fallback.id", "decisions without a route"),
        ("id: buy", "id: probe", "15:5: route probe.id", "the probes of gateways"),
    ],
)  # fmt: skip
def test_what_could_not_work_is_refused_with_its_place_and_what_was_meant(
    tmp_path: Path, old: str, new: str, place: str, message: str
) -> None:
    found = refused(tmp_path, (old, new))
    assert any(one.startswith(place) and message in one for one in found), found


@pytest.mark.parametrize(
    ("hash", "message"),
    [
        ("sha256:" + "AB" * 32, "did you mean sha256:" + "ab" * 32),
        ("ab" * 32, "did you mean sha256:" + "ab" * 32),
        ("sha256:" + "z" * 64, "64 hex digits"),
        ("sha256:" + "a" * 63, "64 hex digits"),
    ],
)
def test_a_key_hash_is_one_that_a_key_can_have(tmp_path: Path, hash: str, message: str) -> None:
    (found,) = refused_text(tmp_path, f'{YAML}api_keys:\n  - {{id: till, hash: "{hash}", scopes: [events:write]}}\n')
    assert found.startswith("23:16: api_key till.hash: ") and message in found


@pytest.mark.parametrize("namespace", ["a/b", "two words", "x" * 101])
def test_a_namespace_is_told_apart_from_the_ids_in_it(tmp_path: Path, namespace: str) -> None:
    key = f'{{id: till, hash: "sha256:{"0" * 64}", scopes: [], namespace: "{namespace}"}}'
    (found,) = refused_text(tmp_path, f"{YAML}api_keys:\n  - {key}\n")
    assert "api_key till.namespace: must be 1 to 100 letters" in found


def test_a_page_is_within_its_limit_with_the_longest_values(tmp_path: Path) -> None:
    page = "action: {kind: page, title: Hello, label: Go, text: '%s', url"
    [found] = refused(tmp_path, ("action: {url", page % ("x" * 11_000)))
    assert "route buy.action.text: makes a page of 1" in found
    [found] = refused(
        tmp_path, ("action: {url", page % ("{product_name}" * 40)), ("name: Espresso", f"name: '{'&' * 60}'")
    )
    assert "makes a page of" in found
    [found] = refused(tmp_path, ("action: {url", page % ("word " * 300_000)))
    assert "the item has 15" in found


def test_many_routes_must_fit_into_the_record_of_an_answer(tmp_path: Path) -> None:
    start, end = YAML.index("  - id: buy"), YAML.index("rewards:")
    route = "  - {{id: r{0}, priority: 1, moment: buy, action: {{url: 'https://shop.example/'}}}}\n"
    routes = [route.format(number) for number in range(3500)]
    assert len(load(write(tmp_path, YAML[:start] + "".join(routes[:2000]) + YAML[end:])).routes) == 2000
    [found] = refused_text(tmp_path, YAML[:start] + "".join(routes) + YAML[end:])
    assert "3500 routes" in found and "record" in found


NESTED = "types: [&a [scan, scan], " + ", ".join(f"&b{n} [*b{n - 1}, *b{n - 1}]" for n in range(1, 40)) + "]"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: Mitte", 'name: "\\ud800"', "9:26: YAML: found invalid Unicode character escape code"),
        ("types: [scan]", "types: &x [*x]", "18:40: YAML: contains itself"),
        ("types: [scan]", NESTED.replace("*b0", "*a"), "1:1: YAML: its aliases make"),
        ("types: [scan]", "types: " + "[" * 5000 + "]" * 5000, "1:1: YAML: is nested too deeply"),
        ("types: [scan]", "types: !!set {scan}", "18:40: YAML: the tag"),
        ("rewards:", "? [a, b]\n: c\nrewards:", "20:3: YAML: a key must be a text"),
        ("brand:\n  id: kolibri", "brand:\n#", "1:1: brand: expected `object`, got `null`"),
    ],
)
def test_a_text_that_cannot_be_read_has_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    if old.startswith("brand:"):
        found = refused_text(tmp_path, "brand:\n" + YAML[YAML.index("stores:") :])
    else:
        found = refused(tmp_path, (old, new))
    assert found[0].startswith(message), found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (HOURS, "hours: &open >-\n      Mo-Fr 08:00-20:00;\n      Sa 09:00-18:00\n    "),
        ("Europe/Berlin", "&tz Europe/Berlin"),
        ("products:", "matching:\napi_keys:\nproducts:"),
        ("p/{product}", "p?a={{literal}}"),
    ],
)
def test_block_texts_anchors_empty_sections_and_doubled_braces_are_read(tmp_path: Path, old: str, new: str) -> None:
    assert YAML.count(old) == 1
    store = "{id: mitte, name: Mitte, time_zone: Europe/Berlin, "
    lines = "id: mitte\n    name: Mitte\n    time_zone: Europe/Berlin\n    "
    text = YAML.replace(store, lines).replace('20:00"}', '20:00"')
    assert load(write(tmp_path, text.replace(old, new))).stores["mitte"].time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("destination", "fallback"),
    [
        ("https://shop.example", "https://shop.example?utm_source=qr"),
        ("https://shop.example", "https://shop.example#menu"),
        ("https://shop.example/p", "https://shop.example/p?x=1"),
        ("https://shop.example", "https://SHOP.example/x"),
        ("https://shop.example", "HTTPS://shop.example/x"),
        ("https://shop.example", "https://shop.example:443/x"),
        ("https://Shop.example", "https://shop.example/x"),
    ],
)
def test_addresses_of_one_origin_are_the_same_however_they_are_written(
    tmp_path: Path, destination: str, fallback: str
) -> None:
    text = YAML.replace("[https://shop.example]", f"[{destination}]").replace("https://shop.example/hello", fallback)
    assert load(write(tmp_path, text)).about.fallback == fallback


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("https://", "a host"),
        ("https:", "a host"),
        ("https:/", "a host"),
        ("shop.example", "must be https://"),
        ("", "must be https://"),
        ("ftp://x", "must be https://"),
        ("*", "no wildcards"),
        ("https://*.example", "no wildcards"),
        ("https://user@shop.example", "must be https://"),
        ("https://shop.example/?a=b", "neither a query nor a fragment"),
        ("https://bücher.example", "ASCII letters"),
    ],
)
def test_a_destination_that_registers_nothing_is_the_entry_at_fault(tmp_path: Path, entry: str, message: str) -> None:
    [found] = refused(tmp_path, ("[https://shop.example]", f"[https://shop.example, '{entry}']"))
    assert found.startswith("7:40: brand kolibri.destinations[1]: ") and message in found


def test_suggestions_are_near_names_and_the_same_in_every_process() -> None:
    assert closest("Shelf ", {"shelf", "poster"}) == "shelf"
    assert closest("coffe", frozenset({"coffee", "toffee", "tea"})) == "coffee"
    assert closest("zzz", {"shelf"}) == ""


CONSENT = (
    YAML
    + """\
consent:
  - {id: identity, default: opt_out, jurisdictions: {DE: opt_in, US-CA: opt_out}, gpc: [US-CA], policy: "2", policies: [
      {version: "2", language: en, text: "We recognise you."}]}
"""
)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: identity", "id: identitty", "no purpose is called 'identitty'; did you mean 'identity'?"),
        ("default: opt_out", "default: opt_outt", "invalid enum value 'opt_outt'; did you mean 'opt_out'?"),
        ("DE: opt_in", "EU: opt_in", "'EU' must be a country or a part of one, such as DE or US-CA (ISO 3166)"),
        ("gpc: [US-CA]", "gpc: [CALIFORNIA]", "'CALIFORNIA' must be a country or a part of one"),
        ('policy: "2"', 'policy: "3"', "no text of policies has the version '3'"),
        ("language: en", "language: xx", "'xx' is no language tag of BCP 47"),
        ("We recognise you.", " ", "must say what people agree to"),
    ],
)
def test_a_mistake_in_the_section_consent_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert CONSENT.count(old) == 1
    assert load(write(tmp_path, CONSENT)).consent["identity"].asks_first("DE")
    [mistake] = refused_text(tmp_path, CONSENT.replace(old, new))
    assert message in mistake


def test_a_brand_without_the_section_keeps_its_version(tmp_path: Path) -> None:
    # As the release before the section computed it.
    assert load(write(tmp_path)).version == "36906f664b2a2624"
