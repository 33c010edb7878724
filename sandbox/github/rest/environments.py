"""Environments that jobs deploy to, and the branches and tags that may."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.github import shapes
from sandbox.github.context import github_stamp
from sandbox.github.models import (
    Account,
    BranchPolicy,
    Environment,
    Repo,
    SealingKey,
    Secret,
    Variable,
)
from sandbox.github.rest.held import environment_of
from sandbox.github.wire import ApiError, Call, api, nothing, page, reply
from sandbox.models import JsonObject

_LONGEST_NAME = 255
_LONGEST_WAIT = 43200
_MOST_REVIEWERS = 6
_POLICY = {"protected_branches", "custom_branch_policies"}


def _shape(call: Call, repo: Repo, environment: Environment) -> JsonObject:
    address = f"/repos/{repo.full_name}/environments/{environment.name}"
    return {
        "id": environment.id,
        "node_id": shapes.node_id("Environment", environment.id),
        "name": environment.name,
        "url": call.github.api_url(address),
        "html_url": call.github.html_url(
            f"/{repo.full_name}/deployments/activity_log?environments_filter={environment.name}"
        ),
        "created_at": github_stamp(environment.created_at),
        "updated_at": github_stamp(environment.updated_at),
        "can_admins_bypass": environment.can_admins_bypass,
        "protection_rules": _rules(call, environment),
        "deployment_branch_policy": environment.branch_policy,
    }


def _rules(call: Call, environment: Environment) -> list[JsonObject]:
    """GitHub tells an environment's settings as rules, each with a number of its own."""
    rules: list[JsonObject] = []
    if environment.wait_timer:
        rules.append({"type": "wait_timer", "wait_timer": environment.wait_timer})
    if environment.reviewers:
        reviewers = [
            {"type": reviewer["type"], "reviewer": shapes.user(call.github, account)}
            for reviewer in environment.reviewers
            if (account := _reviewer(call, reviewer))
        ]
        rules.append(
            {
                "type": "required_reviewers",
                "prevent_self_review": environment.prevent_self_review,
                "reviewers": reviewers,
            }
        )
    if environment.branch_policy:
        rules.append({"type": "branch_policy"})
    for number, rule in enumerate(rules):
        rule["id"] = environment.id * 10 + number
        rule["node_id"] = shapes.node_id("Gate", environment.id * 10 + number)
    return rules


def _reviewer(call: Call, reviewer: JsonObject) -> Account | None:
    number = reviewer.get("id")
    return call.github.store.get(Account, number) if isinstance(number, int) else None


def list_all(call: Call) -> Response:
    """GET .../environments."""
    repo = call.repo()
    found = call.github.store.find(Environment, repo_id=repo.id)
    return page(call, found, lambda each: _shape(call, repo, each), "environments")


def show(call: Call) -> Response:
    """GET .../environments/{environment_name}."""
    return reply(_shape(call, call.repo(), environment_of(call)))


def put(call: Call) -> Response:
    """PUT .../environments/{environment_name}: what is not given is reset."""
    repo, name = call.repo(), call.part("environment_name")
    store, now = call.github.store, clock.stamp()
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ApiError(422, f"Environment names may have {_LONGEST_NAME} characters")
    there = store.first(Environment, repo_id=repo.id, name=name)
    environment = there or Environment(repo_id=repo.id, name=name, created_at=now)
    environment.wait_timer = call.whole("wait_timer", 0)
    if not 0 <= environment.wait_timer <= _LONGEST_WAIT:
        raise ApiError(422, f"wait_timer: expected 0 to {_LONGEST_WAIT} minutes")
    environment.prevent_self_review = call.flag("prevent_self_review", default=False)
    environment.can_admins_bypass = call.flag("can_admins_bypass", default=True)
    environment.reviewers = _reviewers(call)
    environment.branch_policy = _branch_policy(call)
    environment.updated_at = now
    if there is None:
        store.add(environment)
    else:
        store.save(environment)
    return reply(_shape(call, repo, environment))


def _reviewers(call: Call) -> list[JsonObject]:
    """Users of the sandbox; it has no teams."""
    given = call.body.get("reviewers") or []
    if not isinstance(given, list) or len(given) > _MOST_REVIEWERS:
        raise ApiError(422, f"reviewers: expected a list of {_MOST_REVIEWERS} at the most")
    for reviewer in given:
        if not isinstance(reviewer, dict) or reviewer.get("type") != "User" or not _reviewer(call, reviewer):
            raise ApiError(422, "reviewers: expected users that there are")
    return given


def _branch_policy(call: Call) -> dict[str, bool] | None:
    given = call.body.get("deployment_branch_policy")
    if given is None:
        return None
    if not isinstance(given, dict) or set(given) != _POLICY or set(given.values()) != {True, False}:
        raise ApiError(422, "protected_branches and custom_branch_policies cannot have the same value")
    return given


def remove(call: Call) -> Response:
    """DELETE .../environments/{environment_name}, with its policies, secrets and variables."""
    environment, store = environment_of(call), call.github.store
    for policy in store.find(BranchPolicy, environment_id=environment.id):
        store.delete(policy)
    for kind in (Secret, Variable, SealingKey):
        for one in store.find(kind, owner="environment", owner_id=environment.id):
            store.delete(one)
    store.delete(environment)
    return nothing()


def _policy_shape(policy: BranchPolicy) -> JsonObject:
    return {
        "id": policy.id,
        "node_id": shapes.node_id("GateBranchPolicy", policy.id),
        "name": policy.name,
        "type": policy.kind,
    }


def list_policies(call: Call) -> Response:
    """GET .../deployment-branch-policies."""
    found = call.github.store.find(BranchPolicy, environment_id=environment_of(call).id)
    return page(call, found, _policy_shape, "branch_policies")


def create_policy(call: Call) -> Response:
    """POST .../deployment-branch-policies: 404 where the environment has no custom policies, 303 for one that is there."""
    environment = environment_of(call)
    if not (environment.branch_policy or {}).get("custom_branch_policies"):
        raise ApiError(404, "Not Found: the environment's deployment_branch_policy is not custom")
    kind = call.choice("type", ("branch", "tag"), "branch")
    policy = BranchPolicy(environment_id=environment.id, name=call.text("name"), kind=kind)
    if call.github.store.first(BranchPolicy, environment_id=environment.id, name=policy.name, kind=kind):
        raise ApiError(303, "The deployment branch policy is there already")
    call.github.store.add(policy)
    return reply(_policy_shape(policy))


def _policy(call: Call) -> BranchPolicy:
    return call.record(BranchPolicy, "branch_policy_id", environment_id=environment_of(call).id)


def show_policy(call: Call) -> Response:
    """GET .../deployment-branch-policies/{branch_policy_id}."""
    return reply(_policy_shape(_policy(call)))


def change_policy(call: Call) -> Response:
    """PUT .../deployment-branch-policies/{branch_policy_id}."""
    policy = _policy(call)
    policy.name = call.text("name")
    call.github.store.save(policy)
    return reply(_policy_shape(policy))


def remove_policy(call: Call) -> Response:
    """DELETE .../deployment-branch-policies/{branch_policy_id}."""
    call.github.store.delete(_policy(call))
    return nothing()


_ALL = "/repos/{owner}/{repo}/environments"
_ONE = _ALL + "/{environment_name}"
_POLICIES = _ONE + "/deployment-branch-policies"
_POLICY_PATH = _POLICIES + "/{branch_policy_id}"
ROUTES: list[BaseRoute] = [
    api("GET", _ALL, list_all, needs="actions:read"),
    api("GET", _ONE, show, needs="actions:read"),
    api("PUT", _ONE, put, needs="administration:write"),
    api("DELETE", _ONE, remove, needs="administration:write"),
    api("GET", _POLICIES, list_policies, needs="actions:read"),
    api("POST", _POLICIES, create_policy, needs="administration:write"),
    api("GET", _POLICY_PATH, show_policy, needs="actions:read"),
    api("PUT", _POLICY_PATH, change_policy, needs="administration:write"),
    api("DELETE", _POLICY_PATH, remove_policy, needs="administration:write"),
]
