"""What a GitHub organization shares with repositories that are selected one by one."""

from bootstrap.standins.fields import Values
from bootstrap.standins.github_verbs import Secret
from bootstrap.standins.resource import Resource
from bootstrap.standins.rest_api import RestApi


class OrganizationVariable(Resource):
    """A variable of an organization's actions."""

    def read(self, api: RestApi, values: Values) -> Values | None:
        """The variable, and its repositories where they are selected."""
        return _with_repositories(api, self.item, values, super().read(api, values))


class OrganizationSecret(Secret):
    """A secret of an organization's actions. Other repositories change its date at GitHub, as another value does."""

    def read(self, api: RestApi, values: Values) -> Values | None:
        """When it changed, and its repositories where they are selected."""
        return _with_repositories(api, self.item, values, super().read(api, values))


def _with_repositories(api: RestApi, item: str, values: Values, found: Values | None) -> Values | None:
    if found is None or found["visibility"] != "selected":
        return found
    selected = api.every(f"{item}/repositories", values, inside="repositories")
    return found | {"selectedRepositoryIds": [each["id"] for each in selected]}
