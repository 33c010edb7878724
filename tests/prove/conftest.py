"""What proofs share with the end-to-end tests."""

from tests.e2e.conftest import engine, station

__all__ = ["engine", "station"]
