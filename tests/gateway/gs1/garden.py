"""Dal Giardino, the brand of the outside vectors in resolver/ (source and licence there), as a brand of ours; and a
gateway for it without Kafka."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from msgspec.structs import replace

from gateway.brand.live import LiveBrand, build_brand_view
from gateway.gs1.gs1_handler import Gs1Handler
from gateway.http.client_limit import ClientLimit
from gateway.http.responses import RawResponse
from gateway.metrics import Metrics
from schemas.brand.links import Link
from schemas.brand.model import Brand, Product, Tag
from schemas.brand.query import Query
from tests.support.brand_files import brand
from tests.support.gateway_process import IDENTIFIER_KEY
from tests.support.lone_phone import BROWSER, DEVICE, Stream, build_handler

RESOLVER = Path(__file__).parent / "resolver"
HOME = "https://dalgiardino.com/"
RICE, CAPSULES = "09506000134352", "09506000134376"
_PLACEHOLDERS = {"{serialnumber}": "{serial}", "{lotnumber}": "{lot}", "095060001343{1}": "{key}"}


def garden() -> Brand:
    """The brand: a product with a tag for each anchor of the vectors, and a shelf that none of their codes mean."""
    products = {
        "rice": _product("rice", "test_01_09506000134352", RICE),
        "capsules": _product("capsules", "test_01_09506000134376", CAPSULES),
        "asset": _product("asset", "test_8004_0950600013430000001", ""),
        "assets": _product("assets", "test_8004_095060001343", ""),
    }
    tags = [
        Tag(id="rice-pack", placement="packaging", product="rice"),
        Tag(id="capsules-pack", placement="packaging", product="capsules"),
        Tag(id="capsules-shelf", placement="shelf", store="mitte", product="capsules"),
        Tag(id="asset-plate", placement="product", product="asset", gs1="8004/0950600013430000001"),
        Tag(id="asset-plates", placement="product", product="assets", gs1="8004/095060001343*"),
        Tag(id="door", placement="door", store="mitte", gs1="414/9506000134369"),
    ]
    small = brand()
    about = replace(small.about, fallback=HOME, destinations=("https://dalgiardino.com",), query=Query(pass_on=True))
    return replace(small, about=about, products=products, tags={tag.id: tag for tag in tags}, routes=())


def _product(id: str, file: str, gtin: str) -> Product:
    read = json.loads((RESOLVER / f"{file}.json").read_text())
    sets = read if isinstance(read, list) else [read]
    links = [_link(link) for one in sets for link in one["links"]]
    return Product(
        id=id,
        name=sets[0]["itemDescription"],
        gtin=gtin,
        links=tuple(links),
        default_link=sets[0]["defaultLinktype"],
    )


def _link(link: dict[str, Any]) -> Link:
    url = link["href"]
    for theirs, ours in _PLACEHOLDERS.items():
        url = url.replace(theirs, ours)
    return Link(
        type=link["linktype"],
        url=url,
        title=link["title"],
        languages=tuple(link["hreflang"]),
        media_type=link["type"],
    )


class Resolver:
    """Sends requests to the handler as uvicorn would."""

    def __init__(self, served: Brand, stream: Stream, scans_per_s: int = 1000) -> None:
        view, metrics = build_brand_view(served, IDENTIFIER_KEY), Metrics()
        live = cast(LiveBrand, type("Live", (), {"view": lambda self: view})())
        clients = ClientLimit(scans_per_s, (), metrics)
        scans = build_handler(live, clients, stream, metrics)
        self._answer: Callable[..., Any] = Gs1Handler(live, clients, scans, "https://id.example").digital_link

    async def get(self, target: str, method: str = "GET", **headers: str) -> RawResponse:
        path, _, query = target.partition("?")
        sent = {
            "cookie": DEVICE,
            "user-agent": BROWSER,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        response: RawResponse = await self._answer(
            {
                "type": "http", "method": method, "scheme": "http", "client": ("127.0.0.1", 1),
                "path": path, "raw_path": path.encode(), "query_string": query.encode(), "path_params": {},
                "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            }
        )  # fmt: skip
        return response
