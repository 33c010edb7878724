"""GitHub's environments, and which branches and tags may deploy to them."""

from collections.abc import Iterator, Mapping
from typing import Any

from bootstrap.standins.fields import Values, Wrong
from bootstrap.standins.github_verbs import Put
from bootstrap.standins.resource import Resource
from bootstrap.standins.rest_api import ApiError, RestApi

KINDS = {"teams": "Team", "users": "User"}
"""Who reviews: under which name the SDK lists them, and which type the API gives them."""


class Environment(Put):
    """An environment that a repository's workflows deploy to, and what protects it."""

    def body(self, values: Values, *, update: bool = False) -> dict[str, Any]:
        """What is sent: the reviewers as one list of both kinds."""
        sent = super().body(values, update=update)
        if "reviewers" in sent:
            sent["reviewers"] = [
                {"type": kind, "id": number}
                for both in values["reviewers"]
                for name, kind in KINDS.items()
                for number in both.get(name, ())
            ]
        return sent

    def read(self, api: RestApi, values: Values) -> Values | None:
        """The environment; GitHub tells its timer and reviewers among the protection rules."""
        found = api.find(self.item, values)
        if found is None:
            return None
        rules: dict[str, Mapping[str, Any]] = {
            each["type"]: each for each in found.get("protection_rules", ())
        }
        review = rules.get("required_reviewers", {})
        return self.outputs(
            found
            | {
                "wait_timer": rules.get("wait_timer", {}).get("wait_timer", 0),
                "prevent_self_review": review.get("prevent_self_review", False),
                "reviewers": _reviewers(review.get("reviewers", ())),
            },
            values,
        )


def _reviewers(found: tuple[Mapping[str, Any], ...]) -> list[dict[str, list[int]]]:
    """GitHub's one list as the SDK's: one object with both kinds, or none."""
    both = {
        name: [each["reviewer"]["id"] for each in found if each["type"] == kind]
        for name, kind in KINDS.items()
    }
    return [{name: numbers for name, numbers in both.items() if numbers}] if found else []


class DeploymentPolicy(Resource):
    """A pattern of branches or of tags that may deploy to an environment. Its number is only in its id."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """A pattern of the one or of the other."""
        if ("branchPattern" in given) == ("tagPattern" in given):
            yield Wrong(name="branchPattern", reason="expected either branchPattern or tagPattern")

    def create(self, api: RestApi, values: Values) -> Values:
        """Add the pattern; its number comes with the answer."""
        made = api.call("POST", self.collection, values, body=_pattern(values))
        return {"policyId": made["id"]}

    def read(self, api: RestApi, values: Values) -> Values | None:
        """The pattern as it is."""
        found = api.find(self.item, self._numbered(values))
        if found is None:
            return None
        is_tag = found.get("type") == "tag"
        return {"tagPattern" if is_tag else "branchPattern": found["name"]}

    def update(self, api: RestApi, values: Values, olds: Values) -> Values:
        """Change the pattern."""
        if values.keys() & {"branchPattern", "tagPattern"} != olds.keys() & {"branchPattern", "tagPattern"}:
            raise ApiError(
                "GitHub: a pattern of branches can't become one of tags. Fix: add another resource"
            )
        api.call("PUT", self.item, self._numbered(values), body={"name": _pattern(values)["name"]})
        return {}

    def delete(self, api: RestApi, values: Values) -> None:
        """Remove the pattern."""
        api.remove(self.item, self._numbered(values))

    def _numbered(self, values: Values) -> Values:
        return values | self.from_id(values["id"])


def _pattern(values: Values) -> dict[str, str]:
    if "tagPattern" in values:
        return {"name": values["tagPattern"], "type": "tag"}
    return {"name": values["branchPattern"], "type": "branch"}
