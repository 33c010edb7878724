"""GitHub's resource types where their objects are not simply made, read, changed and removed at one path."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nacl.public import PublicKey, SealedBox

from bootstrap.standins.fields import Values, Wrong, changes
from bootstrap.standins.resource import Resource
from bootstrap.standins.rest_api import ApiError, RestApi


def sealed(value: str, public_key: str) -> str:
    """The value in a box that only GitHub can open, in base64 (GitHub's docs, Encrypting secrets for the REST API)."""
    box = SealedBox(PublicKey(base64.b64decode(public_key)))
    return base64.b64encode(box.encrypt(value.encode())).decode()


class Put(Resource):
    """Objects that a PUT at their path makes and changes alike."""

    def create(self, api: RestApi, values: Values) -> Values:
        """Put it there."""
        api.call("PUT", self.item, values, body=self.body(values))
        return {}

    def update(self, api: RestApi, values: Values, olds: Values) -> Values:
        """Put it there anew."""
        del olds
        return self.create(api, values)

    def body(self, values: Values, *, update: bool = False) -> dict[str, Any]:
        """What is sent: without what the path says."""
        sent = super().body(values, update=update)
        in_path = {each.api for each in self.fields if f"{{{each.name}}}" in self.item}
        return {name: value for name, value in sent.items() if name not in in_path}


@dataclass(frozen=True, kw_only=True)
class Secret(Put):
    """A secret of actions. GitHub never tells it; only when it last changed."""

    public_key: str
    """Path of the key that its values are encrypted with."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """The value comes plain, or encrypted with the key that it names."""
        if ("value" in given) == ("valueEncrypted" in given):
            yield Wrong(name="value", reason="expected either value or valueEncrypted")
        if ("keyId" in given) != ("valueEncrypted" in given):
            yield Wrong(name="keyId", reason="expected with valueEncrypted, and only with it")

    def create(self, api: RestApi, values: Values) -> Values:
        """Put the secret, encrypted with the key of where it is kept."""
        if "valueEncrypted" in values:
            box = {"encrypted_value": values["valueEncrypted"], "key_id": values["keyId"]}
        else:
            key = api.call("GET", self.public_key, values)
            box = {"encrypted_value": sealed(values["value"], key["key"]), "key_id": key["key_id"]}
        api.call("PUT", self.item, values, body=self.body(values) | box)
        return {}

    def read(self, api: RestApi, values: Values) -> Values | None:
        """When it changed. A change that was not ours takes the value from the inputs: the next update sets it."""
        found = api.find(self.item, values)
        if found is None:
            return None
        told = self.outputs(found, values)
        ours = values.get("updatedAt", told["updatedAt"])
        if ours != told["remoteUpdatedAt"]:
            told |= {"value": None, "valueEncrypted": None}
        return told | {"updatedAt": ours}


class RepositoryFile(Resource):
    """A file on a branch; each change is a commit."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """An author has a name and an address."""
        if ("commitAuthor" in given) != ("commitEmail" in given):
            yield Wrong(name="commitAuthor", reason="expected together with commitEmail")

    def create(self, api: RestApi, values: Values) -> Values:
        """Commit the file; one that is there is overwritten only on request."""
        branch = values.get("branch") or self._default_branch(api, values)
        there = api.find(self.item, values, query={"ref": branch})
        if there and not values["overwriteOnCreate"]:
            raise ApiError(f"GitHub has {values['file']} on {branch} already. Fix: set overwriteOnCreate")
        sha = {"sha": there["sha"]} if there else {}
        return {"branch": branch, **self._put(api, values | {"branch": branch} | sha, "Add")}

    def read(self, api: RestApi, values: Values) -> Values | None:
        """The file at the head of its branch."""
        branch = values.get("branch") or self._default_branch(api, values)
        found = api.find(self.item, values, query={"ref": branch})
        if found is None:
            return None
        content = base64.b64decode(found["content"]).decode()
        return self.outputs(found, values) | {"content": content, "branch": branch}

    def update(self, api: RestApi, values: Values, olds: Values) -> Values:
        """Commit the file if its content changed; another message alone is no commit."""
        if "content" not in {each.name for each in changes(self.fields, olds, values)}:
            return {}
        now = self.read(api, values) or {}
        return self._put(api, values | now | {"content": values["content"]}, "Update")

    def delete(self, api: RestApi, values: Values) -> None:
        """Commit the file's removal."""
        body = self._commit(values, "Delete")
        del body["content"]
        api.remove(self.item, values, body=body)

    def _put(self, api: RestApi, values: Values, verb: str) -> Values:
        made = api.call("PUT", self.item, values, body=self._commit(values, verb))
        return {"commitSha": made["commit"]["sha"]}

    def _commit(self, values: Values, verb: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "message": values.get("commitMessage") or f"{verb} {values['file']}",
            "content": base64.b64encode(values["content"].encode()).decode(),
            "branch": values["branch"],
        }
        if "sha" in values:
            body["sha"] = values["sha"]
        if "commitAuthor" in values:
            author = {"name": values["commitAuthor"], "email": values["commitEmail"]}
            body |= {"author": author, "committer": author}
        return body

    def _default_branch(self, api: RestApi, values: Values) -> str:
        return str(api.call("GET", "/repos/{owner}/{repository}", values)["default_branch"])


class RepositoryPermissions(Put):
    """Which actions a repository's workflows may use."""

    selected = "/selected-actions"

    def create(self, api: RestApi, values: Values) -> Values:
        """Set them, and what is selected where that is what is allowed."""
        body = self.body(values)
        config = body.pop("allowed_actions_config", None)
        if not values["enabled"]:
            body.pop("allowed_actions", None)
        api.call("PUT", self.item, values, body=body)
        if config is not None and values.get("allowedActions") == "selected":
            api.call("PUT", self.item + self.selected, values, body=config)
        return {}

    def read(self, api: RestApi, values: Values) -> Values | None:
        """What is allowed, with what is selected where that is asked for."""
        found = api.find(self.item, values)
        if found is None:
            return None
        config = None
        if found.get("allowed_actions") == "selected" and "allowedActionsConfig" in values:
            config = api.call("GET", self.item + self.selected, values)
        return self.outputs(found | {"allowed_actions_config": config}, values)

    def delete(self, api: RestApi, values: Values) -> None:
        """Back to GitHub's default: on, and everything allowed."""
        api.call("PUT", self.item, values, body={"enabled": True, "allowed_actions": "all"})


class WorkflowPermissions(Put):
    """What the token of a repository's workflows may do."""

    def delete(self, api: RestApi, values: Values) -> None:
        """Back to GitHub's default: it reads only."""
        body = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
        api.call("PUT", self.item, values, body=body)


class RunnerGroup(Resource):
    """A group of an organization's runners, and the repositories that may use them."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """Repositories are selected only where the group is for selected ones."""
        if given.get("selectedRepositoryIds") and given.get("visibility") != "selected":
            yield Wrong(name="selectedRepositoryIds", reason="expected only with visibility selected")

    def create(self, api: RestApi, values: Values) -> Values:
        """Make the group; its number comes with the answer."""
        made = api.call("POST", self.collection, values, body=self.body(values))
        return {"id": str(made["id"])}

    def read(self, api: RestApi, values: Values) -> Values | None:
        """The group and its repositories."""
        found = api.find(self.item, values)
        if found is None:
            return None
        selected = api.every(self.item + "/repositories", values, inside="repositories")
        return self.outputs(found | {"selected_repository_ids": [each["id"] for each in selected]}, values)

    def update(self, api: RestApi, values: Values, olds: Values) -> Values:
        """Change the group, then its repositories."""
        del olds
        body = self.body(values)
        selected = body.pop("selected_repository_ids", [])
        api.call("PATCH", self.item, values, body=body)
        api.call("PUT", self.item + "/repositories", values, body={"selected_repository_ids": selected})
        return {}
