"""A phone on the privacy page: it posts the page's forms as a browser does. And a mailbox for the links."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from typing import Any

import aiohttp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.gateway_process import GatewayClient, GatewayProcess

FORM = re.compile(r'<form method="post" action="([^"]*)">(.*?)</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


class Phone(GatewayClient):
    """A client with an address of its own, that sends what browsers say of where a form comes from."""

    def __init__(self, gateway: GatewayProcess, **headers: str) -> None:
        address = ".".join(str(1 + byte % 250) for byte in os.urandom(4))
        super().__init__(gateway, **{"X-Forwarded-For": address} | headers)

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        """Waits a moment where there were too many requests in a second."""
        for _ in range(20):
            response = await super().request(method, path, **options)
            if response.status != 429 or float(response.headers["Retry-After"]) > 1:
                break
            await asyncio.sleep(0.1)
        return response

    async def page(self, path: str = "/privacy", **headers: str) -> str:
        response = await self.request("GET", path, headers=headers)
        assert response.status == 200, await response.text()
        return await response.text()

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> aiohttp.ClientResponse:
        return await self.request("POST", path, data=dict(fields), headers={"Sec-Fetch-Site": "same-origin"} | headers)


def forms(page: str) -> list[tuple[str, dict[str, str]]]:
    """The forms of a page: where they are posted to, and their hidden fields."""
    return [
        (unescape(found[1]), {unescape(name): unescape(text) for name, text in HIDDEN.findall(found[2])})
        for found in FORM.finditer(page)
    ]


def form_to(page: str, action: str, /, **fields: str) -> dict[str, str]:
    """The hidden fields of the form that is posted there and has these fields."""
    return next(own for to, own in forms(page) if to.endswith(action) and fields.items() <= own.items())


class Mailbox:
    """What a mail server has taken; ``refusals`` is how many messages it refuses first."""

    def __init__(self, refusals: int = 0) -> None:
        self.messages: list[EmailMessage] = []
        self.refusals = refusals

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusals:
            self.refusals -= 1
            return "451 later"
        message: Any = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        message["X-Envelope"] = ",".join(envelope.rcpt_tos)
        self.messages.append(message)
        return "250 taken"

    def link(self) -> str:
        """The path of the link in the last message."""
        found = re.search(r"https://privacy\.example(/\S+)", self.messages[-1].get_content())
        assert found is not None
        return found[1]


@asynccontextmanager
async def mail_server(port: int, mailbox: Mailbox) -> AsyncIterator[None]:
    """A mail server on this machine."""
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield
    finally:
        server.stop()
