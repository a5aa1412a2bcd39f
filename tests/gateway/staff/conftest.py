"""Fixtures: a gateway on a Kafka whose brand has a key of staff."""

from tests.gateway.privacy.conftest import (  # noqa: F401
    bootstrap,
    brand_view,
    client,
    gateway,
    page_gateway,
    phone,
    privacy_kafka,
)
