"""Fixtures: a gateway on a Kafka whose brand asks for consent."""

from tests.gateway.privacy.conftest import (  # noqa: F401
    bootstrap,
    brand_view,
    page_gateway,
    phone,
    privacy_kafka,
)
