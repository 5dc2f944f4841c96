"""What tests of servers share: faulty servers that end with the test, and no key or proxy of this machine."""

import pytest

from ..faulty_server import FaultyServer


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve():
    servers = []

    def start(*arguments, **options):
        servers.append(FaultyServer(*arguments, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
