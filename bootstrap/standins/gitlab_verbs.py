"""GitLab's resource types where their objects are not simply made, read, changed and removed at one path."""

import base64
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from bootstrap.standins.fields import Values, Wrong, changes
from bootstrap.standins.resource import Resource
from bootstrap.standins.rest_api import ApiError, RestApi

LEVELS = {"no one": 0, "developer": 30, "maintainer": 40, "admin": 60}
"""GitLab's protected branches API, valid access levels."""

CLEANUP = "container_expiration_policy"

_ONE_COMMIT_AT_A_TIME = threading.Lock()
"""GitLab refuses commits to one project at the same time; the real plugin queues them too (its docs say so)."""


class _ByNumber(Resource):
    """Objects whose id is the number that GitLab gives them."""

    def create(self, api: RestApi, values: Values) -> Values:
        """Make the object; its number comes with the answer."""
        made = api.call("POST", self.collection, values, body=self.body(values))
        return self.outputs(made, values) | {"id": str(made["id"])}


class Project(_ByNumber):
    """A project. Its id, where one is imported, may be its path: GitLab takes both, and tells the number."""

    def body(self, values: Values, *, update: bool = False) -> dict[str, Any]:
        """What is sent; the clean-up policy goes by another name than it comes back by."""
        sent = super().body(values, update=update)
        if CLEANUP in sent:
            sent[f"{CLEANUP}_attributes"] = sent.pop(CLEANUP)
        return sent

    def outputs(self, found: Mapping[str, Any], values: Values) -> Values:
        """What GitLab tells, with its number for the project. The policy's pattern comes back by its older name."""
        policy = found.get(CLEANUP)
        if policy:
            told = {"name_regex_delete": policy.get("name_regex"), **policy}
            found = {**found, CLEANUP: {name: value for name, value in told.items() if value is not None}}
        return super().outputs(found, values) | {"id": str(found["id"])}


class UserRunner(_ByNumber):
    """A runner, made by a user. GitLab tells its token once, when it is made."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """A group runner needs its group, a project runner its project, and no other may have one."""
        wanted = {"group_type": "groupId", "project_type": "projectId"}.get(given.get("runnerType", ""))
        for name in ("groupId", "projectId"):
            if (name in given) != (name == wanted):
                reason = f"{'missing' if name == wanted else 'not taken'} with runnerType {given.get('runnerType')}"
                yield Wrong(name=name, reason=reason)


class RunnerEnablement(Resource):
    """A runner that a project may use: an entry in the project's list of runners."""

    def read(self, api: RestApi, values: Values) -> Values | None:
        """Whether the runner is in the list."""
        found = api.every(self.collection, values)
        return {} if any(each["id"] == values["runnerId"] for each in found) else None


class Variable(Resource):
    """A CI/CD variable of a project or a group."""

    def body(self, values: Values, *, update: bool = False) -> dict[str, Any]:
        """What is sent; hidden is said together with masked, and only when the variable is made."""
        sent = super().body(values, update=update)
        if sent.pop("hidden", False):
            sent["masked_and_hidden"] = True
        return sent

    def outputs(self, found: Mapping[str, Any], values: Values) -> Values:
        """What GitLab tells: of a hidden variable not the value."""
        told = super().outputs(found, values)
        if told.get("hidden"):
            told.pop("value", None)
        return told


class RepositoryFile(Resource):
    """A file on a branch; each change is a commit."""

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """Every commit needs a message."""
        if "commitMessage" in given:
            return
        for verb in ("create", "update", "delete"):
            if f"{verb}CommitMessage" not in given:
                yield Wrong(name=f"{verb}CommitMessage", reason="missing, and so is commitMessage")

    def create(self, api: RestApi, values: Values) -> Values:
        """Commit the file; one that is there is overwritten only on request."""
        with _ONE_COMMIT_AT_A_TIME:
            there = values["overwriteOnCreate"] and api.find(
                self.item, values, query={"ref": values["branch"]}
            )
            verb, message = ("PUT", "update") if there else ("POST", "create")
            body = self._commit(values, message)
            if "startBranch" in values and not there:
                body["start_branch"] = values["startBranch"]
            api.call(verb, self.item, values, body=body)
        return {}

    def read(self, api: RestApi, values: Values) -> Values | None:
        """The file at the head of the branch."""
        found = api.find(self.item, values, query={"ref": values["branch"]})
        return None if found is None else self.outputs(found, values)

    def update(self, api: RestApi, values: Values, olds: Values) -> Values:
        """Commit the file if anything in it changed; another message alone is no commit."""
        in_file = {"content", "encoding", "executeFilemode"}
        if in_file & {each.name for each in changes(self.fields, olds, values)}:
            with _ONE_COMMIT_AT_A_TIME:
                api.call("PUT", self.item, values, body=self._commit(values, "update"))
        return {}

    def delete(self, api: RestApi, values: Values) -> None:
        """Commit the file's removal."""
        sent = self._commit(values, "delete")
        for name in ("content", "encoding", "execute_filemode"):
            sent.pop(name, None)
        with _ONE_COMMIT_AT_A_TIME:
            api.remove(self.item, values, query=sent)

    def outputs(self, found: Mapping[str, Any], values: Values) -> Values:
        """What GitLab tells, with the content in the encoding that was asked for (GitLab always tells base64)."""
        told = super().outputs(found, values) | {"encoding": values.get("encoding", "text")}
        content = base64.b64decode(found["content"])
        if told["encoding"] == "text":
            told["content"] = content.decode()
        elif base64.b64decode(values["content"]) == content:
            told["content"] = values["content"]
        return told

    def _commit(self, values: Values, verb: str) -> dict[str, Any]:
        sent = self.body(values) | {
            "commit_message": values.get(f"{verb}CommitMessage", values.get("commitMessage"))
        }
        del sent["project"], sent["file_path"]
        for name, api_name in (("authorName", "author_name"), ("authorEmail", "author_email")):
            if name in values:
                sent[api_name] = values[name]
        return sent


class Schedule(Resource):
    """A pipeline schedule. Only its owner can change it."""

    def update(self, api: RestApi, values: Values, olds: Values) -> Values:
        """Change it, after taking it over where that is asked for."""
        if values["takeOwnership"]:
            api.call("POST", self.item + "/take_ownership", values)
        return super().update(api, values, olds)

    def outputs(self, found: Mapping[str, Any], values: Values) -> Values:
        """What GitLab tells, with the owner's number for the owner."""
        owner = found.get("owner") or {}
        return super().outputs(found, values) | {"owner": owner.get("id")}


class ScheduleVariable(Resource):
    """A variable of a pipeline schedule. GitLab tells it only with its schedule."""

    def read(self, api: RestApi, values: Values) -> Values | None:
        """Look into the schedule."""
        schedule = api.find("/projects/{project}/pipeline_schedules/{pipelineScheduleId}", values) or {}
        for each in schedule.get("variables", ()):
            if each["key"] == values["key"]:
                return self.outputs(each, values)
        return None


class BranchProtection(Resource):
    """A protected branch, with the access levels that GitLab Community Edition has."""

    def create(self, api: RestApi, values: Values) -> Values:
        """Protect the branch. A protection that is there is taken over: GitLab protects default branches itself."""
        api.remove(self.item, values)
        return super().create(api, values)

    def body(self, values: Values, *, update: bool = False) -> dict[str, Any]:
        """What is sent, with GitLab's numbers for the levels."""
        sent = super().body(values, update=update)
        for name in ("push_access_level", "merge_access_level"):
            if name in sent:
                sent[name] = LEVELS[sent[name]]
        return sent

    def outputs(self, found: Mapping[str, Any], values: Values) -> Values:
        """What GitLab tells, with our words for the levels."""
        told = super().outputs(found, values)
        words = {number: word for word, number in LEVELS.items()}
        for name, levels in (
            ("pushAccessLevel", "push_access_levels"),
            ("mergeAccessLevel", "merge_access_levels"),
        ):
            numbers = [each["access_level"] for each in found.get(levels, ())]
            told[name] = words.get(numbers[0]) if numbers else None
        return told


class JobTokenScopes(Resource):
    """Whose job tokens may reach into a project: all of its allowlist, and nothing beside it."""

    def create(self, api: RestApi, values: Values) -> Values:
        """Set it as it should be, whatever it was."""
        self._set(api, values)
        return {}

    def read(self, api: RestApi, values: Values) -> Values | None:
        """The switch and both lists; the project's own entry is GitLab's affair."""
        found = api.find(self.item, values)
        if found is None:
            return None
        own = api.call("GET", "/projects/{project}", values)["id"]
        projects = [each["id"] for each in api.every(self.item + "/allowlist", values)]
        groups = [each["id"] for each in api.every(self.item + "/groups_allowlist", values)]
        return {
            "enabled": found["inbound_enabled"],
            "targetProjectIds": sorted(set(projects) - {own}),
            "targetGroupIds": sorted(groups),
        }

    def update(self, api: RestApi, values: Values, olds: Values) -> Values:
        """Set it as it should be."""
        del olds
        self._set(api, values)
        return {}

    def delete(self, api: RestApi, values: Values) -> None:
        """Back to GitLab's default: on, and nobody on the lists."""
        try:
            self._set(api, values | {"enabled": True, "targetProjectIds": [], "targetGroupIds": []})
        except ApiError as error:
            if not error.is_not_found:
                raise

    def _set(self, api: RestApi, values: Values) -> None:
        api.call("PATCH", self.item, values, body={"enabled": values["enabled"]})
        now = self.read(api, values) or {}
        for name, path, key in (
            ("targetProjectIds", "/allowlist", "target_project_id"),
            ("targetGroupIds", "/groups_allowlist", "target_group_id"),
        ):
            wanted, there = set(values[name]), set(now[name])
            for number in sorted(there - wanted):
                api.remove(f"{self.item}{path}/{number}", values)
            for number in sorted(wanted - there):
                api.call("POST", self.item + path, values, body={key: number})
