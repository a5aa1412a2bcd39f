"""Letters: the e-mails with links, sent in the background. Whoever asks for one never waits for it."""

import asyncio
import logging
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Final, NamedTuple

import aiosmtplib

from gateway.metrics import Metrics
from gateway.smtp_server import SmtpServer

log = logging.getLogger(__name__)
MAX_WAITING: Final = 200
SENDERS: Final = 2
TIMEOUT_S: Final = 20.0
RETRY_AFTER_S: Final = (1.0, 10.0, 60.0)


class Letter(NamedTuple):
    """To whom, and what; texts without line breaks but in ``text``."""

    address: str
    subject: str
    text: str
    language: str


class Letters:
    """:param server: that sends them."""

    def __init__(self, server: SmtpServer, metrics: Metrics) -> None:
        self._server = server
        self._metrics = metrics
        self._waiting: asyncio.Queue[Letter] = asyncio.Queue(MAX_WAITING)

    def send(self, letter: Letter) -> None:
        """Returns at once. With too many waiting it is dropped: its link can be asked for again."""
        try:
            self._waiting.put_nowait(letter)
        except asyncio.QueueFull:
            self._metrics.letters.labels("dropped").inc()

    async def run(self) -> None:
        """Sends letters until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(SENDERS):
                tasks.create_task(self._send_all())

    async def _send_all(self) -> None:
        while True:
            letter = await self._waiting.get()
            for pause_s in (*RETRY_AFTER_S, None):
                try:
                    await self._deliver(message_of(letter, self._server.sender))
                    self._metrics.letters.labels("sent").inc()
                    break
                except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                    # The answer of a server may quote the address.
                    log.warning("a letter could not be sent: %s", type(error).__name__)
                    if pause_s is None or isinstance(error, aiosmtplib.SMTPRecipientsRefused | ValueError):
                        self._metrics.letters.labels("failed").inc()
                        break
                await asyncio.sleep(pause_s)

    async def _deliver(self, message: EmailMessage) -> None:
        server = self._server
        await aiosmtplib.send(
            message,
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.tls,
            start_tls=None if server.tls or server.is_local else True,
            timeout=TIMEOUT_S,
        )


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """The message. :raises ValueError: a line break in what makes a header."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = letter.address
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = letter.language
    message.set_content(letter.text)
    return message
