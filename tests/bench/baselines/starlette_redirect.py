"""The upper limit of a scan: a Starlette redirect that awaits one acks=all produce. No brand, no decision, no spool.

``python -m tests.bench.baselines.starlette_redirect KAFKA TOPIC PORT``, with the server and settings of the gateway.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.http.protocol import IDLE_S, build_protocol
from gateway.serve import BACKLOG, DRAIN_S

VALUE_BYTES = 250
"""About the size of a touchpoint-recorded value of a scan."""


def build_app(kafka: str, topic: str) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=0)
        await app.state.producer.start()
        yield
        await app.state.producer.stop()

    async def scan(request: Request) -> Response:
        key = os.urandom(8)
        await request.app.state.producer.send_and_wait(topic, bytes(VALUE_BYTES), key)
        return RedirectResponse("https://shop.example/", 302)

    return Starlette(routes=[Route("/s/{tag}", scan)], lifespan=lifespan)


def main() -> None:
    kafka, topic, port = sys.argv[1:]
    uvicorn.run(
        build_app(kafka, topic),
        port=int(port),
        loop="uvloop",
        http=build_protocol(None, 32 * 1024),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=DRAIN_S,
        backlog=BACKLOG,
    )


if __name__ == "__main__":
    main()
