"""GitHub's functions: names and types from pulumi_github 6.15.0, paths from GitHub's REST API docs."""

import json
from collections.abc import Iterator

from bootstrap.standins.fields import Values, Wrong, from_api, text, truth, whole
from bootstrap.standins.function import Function
from bootstrap.standins.rest_api import NOT_FOUND, ApiError, RestApi


class GetRepository(Function):
    """A repository by its name, which the provider's owner has, or by both names."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """One of the names."""
        if ("name" in given) == ("fullName" in given):
            yield Wrong(name="name", reason="expected either name or fullName")

    def call(self, api: RestApi, given: Values) -> Values:
        """The repository. As with the real plugin, one that is not there is no error, but has an empty id."""
        found = api.find(self.item if "name" in given else "/repos/{fullName:/}", given)
        return (
            {"id": "", **given}
            if found is None
            else from_api(self.fields, found | {"plugin_id": found["name"]})
        )


class GetRestApi(Function):
    """Whatever a GET of the REST API answers."""

    def call(self, api: RestApi, given: Values) -> Values:
        """The answer as text. As with the real plugin, 404 is an answer, and every other refusal an error."""
        code, said = 200, None
        try:
            said = api.call("GET", self.item, given)
        except ApiError as error:
            if not error.is_not_found:
                raise
            code, said = NOT_FOUND, {"message": str(error)}
        status = "404 Not Found" if code == NOT_FOUND else "200 OK"
        return given | {"id": given["endpoint"], "code": code, "status": status, "body": json.dumps(said)}


GET_REPOSITORY = GetRepository(
    name="github:index/getRepository:getRepository",
    item="/repos/{owner}/{name}",
    fields=(
        text("name", "name"),
        text("fullName", "full_name"),
        text("id", "plugin_id", computed=True),
        truth("archived", "archived", computed=True),
        text("defaultBranch", "default_branch", computed=True),
        truth("fork", "fork", computed=True),
        text("htmlUrl", "html_url", computed=True),
        text("httpCloneUrl", "clone_url", computed=True),
        text("nodeId", "node_id", computed=True),
        truth("private", "private", computed=True),
        whole("repoId", "id", computed=True),
        text("visibility", "visibility", computed=True),
    ),
)

GET_REST_API = GetRestApi(
    name="github:index/getRestApi:getRestApi",
    item="/{endpoint:/?=&}",
    fields=(
        text("endpoint", "endpoint", required=True),
        text("id", "id", computed=True),
        whole("code", "code", computed=True),
        text("status", "status", computed=True),
        text("body", "body", computed=True),
    ),
)

FUNCTIONS = (GET_REPOSITORY, GET_REST_API)
