"""A function of a package: its table of arguments and results, and the call between them."""

from collections.abc import Iterator
from dataclasses import dataclass

from bootstrap.standins.fields import Field, Values, Wrong, from_api
from bootstrap.standins.rest_api import RestApi


@dataclass(frozen=True, kw_only=True)
class Function:
    """A look-up: one GET at `item`. Functions with other ways override `call`.

    `name` is Pulumi's token of the function. Its fields are its results; those that are not computed are its
    arguments too.
    """

    name: str
    fields: tuple[Field, ...]
    item: str
    """Path of what is looked up: a template over the arguments."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """Rules that concern several arguments at once. None, unless a function has some."""
        del given
        yield from ()

    def call(self, api: RestApi, given: Values) -> Values:
        """What the forge tells. Raises `ApiError` where it has no such thing."""
        return from_api(self.fields, api.call("GET", self.item, given))
