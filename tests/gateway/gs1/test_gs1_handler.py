"""GS1 Digital Links: the answers of GS1's own resolver (resolver/cases.json), and what is ours about them."""

import asyncio
import json
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.http.errors import ErrorKind, RequestError
from gateway.http.responses import RawResponse
from schemas.brand.checked import Checked
from schemas.brand.links import Link
from schemas.brand.model import Tag
from schemas.events import ScanRouted, TouchpointRecorded
from tests.gateway.gs1.garden import CAPSULES, HOME, RESOLVER, RICE, Resolver, garden
from tests.support.lone_phone import Acknowledged, Stream, header, nobodys

CASES: list[dict[str, Any]] = json.loads((RESOLVER / "cases.json").read_text())["cases"]
for before, case in pairwise(CASES):
    case["request"] = before["request"] if case["request"] == "same" else case["request"]
SHOP = f"{HOME}shop"


class Decided(Stream):
    """The stream with one route for every scan."""

    route, destination = "shop", SHOP

    async def begin(self, event: TouchpointRecorded) -> Acknowledged:
        self.published.append(event)
        if event.reply_partition is not None:
            self._pending[event.event_id].set_result(routed(event, self.route, self.destination))
        return Acknowledged()


class Undecided(Decided):
    """The stream has no route: it answers with the tag's own fallback."""

    route, destination = "fallback", HOME


def routed(scan: TouchpointRecorded, route: str, destination: str) -> ScanRouted:
    return ScanRouted(
        event_id="r", occurred_at=1, scan_event_id=scan.event_id, person_id="p", moment="buy", route=route,
        action="redirect", destination=destination, candidates=(), inputs="{}", brand_version="test",
    )  # fmt: skip


async def asked(request: str, stream: Stream | None = None, **headers: str) -> RawResponse | RequestError:
    try:
        return await Resolver(garden(), stream or Undecided()).get(request, **headers)
    except RequestError as error:
        return error


async def answered(request: str, stream: Stream | None = None, **headers: str) -> RawResponse:
    response = await asked(request, stream, **headers)
    assert isinstance(response, RawResponse), response
    return response


def test_the_brand_of_the_vectors_is_right() -> None:
    checked = Checked(garden())
    for item in (*garden().products.values(), *garden().tags.values()):
        assert list(item.mistakes(checked)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['request']} {case['accept_language']}")
async def test_the_answers_of_the_resolver(case: dict[str, Any]) -> None:
    language = {"accept_language": case["accept_language"]} if case["accept_language"] else {}
    response = await asked(case["request"].removeprefix("GET "), **language)
    status = response.kind.status if isinstance(response, RequestError) else response.status
    assert status == case["status"]
    if status == 307:
        assert isinstance(response, RawResponse)
        expected = case["location"].removeprefix("contains ")
        location = header(response, "location")
        assert location.endswith(expected) if expected != case["location"] else location == expected
    if status == 300:
        assert isinstance(response, RawResponse)
        found = [one["href"] for one in json.loads(response.body)["choices"]]
        assert found == [f"{HOME}medicinal-compound/certificate_{number}?lot=LOT01" for number in (1, 2, 3)]


async def test_a_phone_that_scans_a_pack_is_a_scan_of_its_tag() -> None:
    stream = Decided()
    response = await answered(f"/01/{CAPSULES}/10/LOT%2F1/21/A7?17=271231&4308=00491701234567&utm_source=pack", stream)
    (scan,) = stream.published
    assert (response.status, header(response, "location")) == (307, f"{SHOP}?utm_source=pack")
    assert header(response, "footpath-event") == scan.event_id and header(response, "set-cookie").startswith(
        "fp_device"
    )
    assert (scan.tag, scan.placement, scan.product, scan.store) == ("capsules-pack", "packaging", "capsules", "")
    assert json.loads(scan.properties) == {
        "query": {"utm_source": "pack"},
        "gs1": {"01": CAPSULES, "10": "LOT/1", "21": "A7", "17": "271231"},
    }, "what else is in the query may be somebody's phone number"
    assert 'rel="linkset"' in header(response, "link")


@pytest.mark.parametrize(
    "path", [f"/shop/de/01/{CAPSULES}", f"/gtin/{CAPSULES}/", f"/01/{CAPSULES.lstrip('0')}", f"/01/{CAPSULES}?17=x"]
)
async def test_codes_as_printers_made_them_mean_the_same(path: str) -> None:
    stream = Decided()
    await answered(path, stream)
    assert [scan.tag for scan in stream.published] == ["capsules-pack"]


async def test_another_key_means_the_tag_that_names_it() -> None:
    stream = Decided()
    for path in ("/414/9506000134369/254/7", "/8004/0950600013430000001", "/8004/0950600013439"):
        await answered(path, stream)
    assert [scan.tag for scan in stream.published] == ["door", "asset-plate", "asset-plates"]
    assert [scan.store for scan in stream.published] == ["mitte", "", ""]


async def test_a_gtin_of_no_product_is_an_unknown_tag() -> None:
    stream = Decided()
    response = await answered("/01/04012345678901", stream)
    (scan,) = stream.published
    assert (response.status, header(response, "location"), header(response, "link")) == (307, HOME, "")
    assert (scan.tag, scan.placement, scan.reply_partition) == ("01.04012345678901", "", None)


async def test_the_number_of_a_patient_is_not_recorded() -> None:
    stream = Decided()
    await answered("/8018/952012345678912345/8019/7", stream)
    (scan,) = stream.published
    assert (scan.tag, json.loads(scan.properties)) == ("8018", {"gs1": {"8018": "", "8019": ""}})


async def test_a_tag_of_its_own_fallback_keeps_it() -> None:
    served = garden()
    pack = replace(served.tags["capsules-pack"], fallback=f"{HOME}pack")
    response = await Resolver(replace(served, tags=served.tags | {pack.id: pack}), Undecided()).get(f"/01/{CAPSULES}")
    assert header(response, "location") == f"{HOME}pack"


async def test_who_only_looks_gets_a_preview_and_is_no_scan() -> None:
    stream = Decided()
    for headers in ({"user_agent": "WhatsApp/2.23"}, {"sec_purpose": "prefetch"}):
        response = await Resolver(garden(), stream).get(f"/01/{CAPSULES}", **headers)
        assert header(response, "location") == "" and b"Dal Giardino Medicinal Compound" in response.body
    assert stream.published == [] and len(nobodys(stream)) == 2


async def test_head_says_where_a_code_leads_and_is_no_scan() -> None:
    stream = Decided()
    response = await Resolver(garden(), stream).get(f"/01/{CAPSULES}", "HEAD")
    assert response.status == 307 and header(response, "location").endswith("pil.html")
    assert stream.published == []


async def test_head_says_where_a_link_of_a_type_leads() -> None:
    response = await Resolver(garden(), Decided()).get(f"/01/{CAPSULES}?linkType=gs1:registerProduct", "HEAD")
    assert response.status == 307 and header(response, "location").endswith("register=non-English")


async def test_the_same_pack_scanned_twice_in_a_moment_is_one_scan() -> None:
    stream = Decided()
    resolver = Resolver(garden(), stream)
    first, again = await asyncio.gather(resolver.get(f"/01/{CAPSULES}/10/A"), resolver.get(f"/01/{CAPSULES}/10/A"))
    assert header(first, "footpath-event") == header(again, "footpath-event") and len(stream.published) == 1
    for response in (first, again):
        assert response.status == 307 and [name for name, _ in response.headers].count(b"link") == 1


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/01/09506000134377", "(01) the check digit is 7, and should be 6"),
        (f"/01/{CAPSULES}/21/A/10/B", "(01) cannot be followed by (21), (10) in this order"),
        (f"/01/{CAPSULES}/10/%C3%BC", "(10) has a character that GS1 does not allow"),
        (f"/01/{CAPSULES}/10/{'A' * 21}", "(10) has 21 characters"),
        ("/01/" + "9" * 3000, "the path has more than"),
    ],
)
async def test_a_wrong_code_is_refused_with_what_is_wrong(path: str, fault: str) -> None:
    stream = Decided()
    response = await asked(path, stream)
    assert isinstance(response, RequestError) and response.kind is ErrorKind.DIGITAL_LINK
    assert fault in response.error and stream.published == []


@pytest.mark.parametrize(
    ("accept", "location"),
    [
        ("", "certificate"),
        ("application/pdf", "certificate.pdf"),
        ("text/html;q=0.2, application/pdf;q=0.9", "certificate.pdf"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "certificate.html"),
        ("image/png", "certificate"),
    ],
)
async def test_the_media_type_decides_among_links_in_one_language(accept: str, location: str) -> None:
    served = garden()
    kinds = {"application/pdf": f"{HOME}certificate.pdf", "text/html": f"{HOME}certificate.html"}
    links = tuple(Link(type="gs1:certificationInfo", url=url, media_type=kind) for kind, url in kinds.items())
    rice = replace(served.products["rice"], links=links, default_link="")
    resolver = Resolver(replace(served, products=served.products | {"rice": rice}), Undecided())
    response = await resolver.get(f"/01/{RICE}?linkType=https://gs1.org/voc/certificationInfo", accept=accept)
    if location == "certificate":
        assert response.status == 300 and len(json.loads(response.body)["choices"]) == 2
        assert header(response, "link").count("alternate") == 0, "the first Link header is that of the linkset"
    else:
        assert (response.status, header(response, "location")) == (307, HOME + location)


async def test_a_browser_gets_equals_as_a_page() -> None:
    accept = "text/html,*/*;q=0.8"
    response = await answered(f"/01/{CAPSULES}/10/LOT01?linktype=gs1:certificationInfo", accept=accept)
    html = response.body.decode()
    assert response.status == 300 and header(response, "content-type").startswith("text/html")
    assert html.count('<a href="https://dalgiardino.com/medicinal-compound/certificate_') == 3


@pytest.mark.parametrize(
    ("target", "accept"), [("?linkType=all", ""), ("?linkType=linkset", ""), ("", "application/linkset+json")]
)
async def test_all_links_are_a_linkset(target: str, accept: str) -> None:
    stream = Decided()
    response = await answered(f"/01/{CAPSULES}/10/LOT01{target}", stream, accept=accept)
    assert header(response, "content-type") == "application/linkset+json" and stream.published == []
    (context,) = json.loads(response.body)["linkset"]
    assert context["anchor"] == f"https://id.example/01/{CAPSULES}/10/LOT01"
    assert context["https://gs1.org/voc/pip"] == context["https://gs1.org/voc/defaultLink"]
    assert context["https://gs1.org/voc/pip"][0]["href"].endswith("pil.html?lot=LOT01")
    assert len(context["https://gs1.org/voc/certificationInfo"]) == 3
    assert {"hreflang": ["en-GB", "en"]}.items() <= context["https://gs1.org/voc/registerProduct"][0].items()


async def test_what_has_no_links_has_no_linkset_and_no_type() -> None:
    for target in ("/01/04012345678901?linkType=all", "/01/04012345678901?linkType=gs1:pip", f"/01/{RICE}?linkType=x"):
        response = await asked(target)
        assert isinstance(response, RequestError) and response.kind is ErrorKind.NO_LINK


@pytest.mark.parametrize(
    ("language", "found"),
    [("es-MX", "es"), ("ja;q=0.1, vi;q=0.9", "vi"), ("en-US, es", "en-US"), ("fr, *;q=0.1", "300"), ("fr", "300")],
)
async def test_languages_of_the_rice(language: str, found: str) -> None:
    response = await answered(f"/01/{RICE}?linkType=gs1:pip", accept_language=language)
    if found == "300":
        assert response.status == 300 and len(json.loads(response.body)["choices"]) == 5
    else:
        assert header(response, "location").endswith(f"test_lang={found}")


async def test_a_lot_that_would_lead_out_of_the_destinations_leads_nowhere() -> None:
    served = garden()
    links = (Link(type="gs1:pip", url="https://dalgiardino.com/lots/{lot}/x"), Link(type="gs1:pip", url=f"{HOME}lots"))
    rice = replace(served.products["rice"], links=links, default_link="gs1:pip")
    resolver = Resolver(replace(served, products=served.products | {"rice": rice}), Undecided())
    right = await resolver.get(f"/01/{RICE}/10/a?linkType=gs1:pip")
    assert header(right, "location") == "https://dalgiardino.com/lots/a/x"
    with pytest.raises(RequestError) as refused:
        await resolver.get(f"/01/{RICE}/10/..?linkType=gs1:pip")
    assert refused.value.kind is ErrorKind.NO_LINK
    scanned = await resolver.get(f"/01/{RICE}/10/..")
    assert header(scanned, "location") == HOME


async def test_digital_links_share_the_limit_of_scans() -> None:
    resolver = Resolver(garden(), Undecided(), scans_per_s=2)
    for target in (f"/01/{RICE}", f"/01/{RICE}?linkType=gs1:pip"):
        await resolver.get(target, accept_language="en")
    with pytest.raises(RequestError) as refused:
        await resolver.get("/01/x")
    assert refused.value.kind is ErrorKind.ADDRESS_RATE


async def test_two_packs_of_a_product_mean_none_until_one_says_so() -> None:
    served = garden()
    second = Tag(id="second-pack", placement="packaging", product="rice")
    ambiguous = replace(served, tags=served.tags | {second.id: second})
    assert [field for field, _ in ambiguous.products["rice"].mistakes(Checked(ambiguous))] == ["gtin"]
    stream = Decided()
    await Resolver(ambiguous, stream).get(f"/01/{RICE}")
    named = replace(ambiguous, tags=ambiguous.tags | {second.id: replace(second, digital_link=True)})
    assert list(named.products["rice"].mistakes(Checked(named))) == []
    await Resolver(named, stream).get(f"/01/{RICE}")
    assert [scan.tag for scan in stream.published] == [f"01.{RICE}", "second-pack"]


@cache
def undecided() -> Resolver:
    """One for all examples."""
    return Resolver(garden(), Undecided(), scans_per_s=1_000_000)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
async def test_whatever_a_stranger_sends_is_answered(path: str, query: str, accept: str) -> None:
    for target in (
        f"/01/{quote(path)}",
        f"/01/{RICE}/10/{quote(path)}?linkType={quote(query)}",
        f"/8004/{quote(path)}?{quote(query)}",
    ):
        try:
            response = await undecided().get(
                target, accept=accept.encode().decode("latin-1"), accept_language="en;q=x,,;"
            )
        except RequestError as error:
            assert error.kind in (ErrorKind.DIGITAL_LINK, ErrorKind.NO_LINK)
        else:
            assert response.status in (200, 300, 307)
