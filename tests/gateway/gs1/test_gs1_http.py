"""GS1 Digital Links through a real gateway: percent-encoded lots, HEAD, a path before the key, and the other routes."""

import json

from schemas.topics import TOUCHPOINT_RECORDED
from tests.support.gateway_process import GatewayClient, read_events

PACK = "/01/04012345678901"


async def test_a_pack_is_scanned_with_its_lot(client: GatewayClient, bootstrap: str, replying_stream: None) -> None:
    response = await client.request("GET", f"/de{PACK}/10/A%2FB%3F1")
    assert (response.status, response.headers["Location"]) == (307, "https://shop.corner.example/de/tea")
    event_id = response.headers["Footpath-Event"]
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert (scan.type, scan.tag, scan.product) == ("nfc_tap", "bottle.7", "tea")
    assert json.loads(scan.properties)["gs1"] == {"01": "04012345678901", "10": "A/B?1"}
    assert response.headers["Cache-Control"] == "no-store" and response.cookies["fp_device"].value


async def test_links_and_refusals(client: GatewayClient) -> None:
    for method in ("GET", "HEAD"):
        response = await client.request(method, f"{PACK}/10/A%2FB?linkType=gs1:pip")
        assert (response.status, response.headers["Location"]) == (307, "https://corner.example/tea/A%2FB")
    absent = await client.request("GET", f"{PACK}?linkType=gs1:pip", headers={"Accept": "text/html"})
    assert absent.status == 404 and "no link of this type" in await absent.text()
    wrong = await client.request("GET", "/01/04012345678902")
    assert wrong.status == 400 and "check digit" in (await wrong.json())["error"]
    linkset = await client.request("GET", f"{PACK}/10/L?linkType=all")
    assert linkset.status == 200 and linkset.headers["Access-Control-Allow-Origin"] == "*"
    assert (await client.request("POST", PACK)).status == 405
    assert (await client.request("GET", "/02/04012345678901")).status == 404
    assert (await client.request("GET", "/01")).status == 404
