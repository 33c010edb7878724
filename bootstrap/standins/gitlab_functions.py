"""GitLab's functions: names and types from pulumi_gitlab 10.4.0, paths from GitLab's REST API docs."""

from collections.abc import Iterator

from bootstrap.standins.fields import Values, Wrong, text, whole
from bootstrap.standins.function import Function
from bootstrap.standins.rest_api import RestApi


class Lookup(Function):
    """A look-up by a number or by a full path: GitLab takes both at the same place."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """Exactly one of the two."""
        if len(given) != 1:
            names = [each.name for each in self.fields if not each.computed]
            reason = f"got {len(given)} arguments, expected one of {', '.join(names)}"
            yield Wrong(name=names[0], reason=reason)

    def call(self, api: RestApi, given: Values) -> Values:
        """What GitLab tells; its number is text as a Pulumi id."""
        told = super().call(api, {"key": next(iter(given.values()))})
        return told | {"id": str(told["id"])}


GET_PROJECT = Lookup(
    name="gitlab:index/getProject:getProject",
    item="/projects/{key}",
    fields=(
        text("id", "id"),
        text("pathWithNamespace", "path_with_namespace"),
        text("name", "name", computed=True),
        text("path", "path", computed=True),
        text("defaultBranch", "default_branch", computed=True),
        text("visibility", "visibility", computed=True),
        text("httpUrlToRepo", "http_url_to_repo", computed=True),
        text("webUrl", "web_url", computed=True),
    ),
)

GET_GROUP = Lookup(
    name="gitlab:index/getGroup:getGroup",
    item="/groups/{key}",
    fields=(
        whole("groupId", "id"),
        text("fullPath", "full_path"),
        text("id", "id", computed=True),
        text("name", "name", computed=True),
        text("path", "path", computed=True),
        text("webUrl", "web_url", computed=True),
    ),
)

FUNCTIONS = (GET_PROJECT, GET_GROUP)
