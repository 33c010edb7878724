"""The version a stand-in answers with."""

from importlib.metadata import version


def stand_in_version(distribution: str) -> str:
    """The version of the installed SDK (so that the engine finds what it asks for), marked `+stand-in`."""
    return f"{version(distribution)}+stand-in"
