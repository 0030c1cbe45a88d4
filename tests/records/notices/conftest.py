"""New ledgers, as the tests of requests have them."""

from tests.records.requests.conftest import ledger, made_database, made_file, url

__all__ = ["ledger", "made_database", "made_file", "url"]
