"""What Actions may do: what is kept, and what it means for runs and their tokens."""

import pytest

from tests.sandbox.github.harness import BUILD, FILE, Client, Json, commit_file, runner_of, runs, workflow

SHA = "a" * 40


def uses(*actions: str) -> str:
    steps = "".join(f"\n    - uses: {action}" for action in actions)
    return workflow(f"build:\n  runs-on: [self-hosted]\n  steps:{steps}")


@pytest.fixture
def where(repo: Json) -> str:
    return f"/repos/{repo['full_name']}/actions/permissions"


def test_a_repository_starts_with_github_s_defaults(client: Client, where: str) -> None:
    assert client.get(where) == {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}
    told = client.get(f"{where}/workflow")
    assert told == {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    assert client.get(f"{where}/fork-pr-contributor-approval") == {
        "approval_policy": "first_time_contributors"
    }


def test_what_is_set_is_told(client: Client, where: str) -> None:
    client.put(where, {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True})
    chosen = {"github_owned_allowed": False, "verified_allowed": False, "patterns_allowed": ["docker/*@*"]}
    client.put(f"{where}/selected-actions", chosen)
    client.put(f"{where}/workflow", {"default_workflow_permissions": "write"})
    client.put(f"{where}/fork-pr-contributor-approval", {"approval_policy": "all_external_contributors"})
    assert client.get(where)["sha_pinning_required"] is True
    assert client.get(f"{where}/selected-actions") == chosen
    assert client.get(f"{where}/workflow")["default_workflow_permissions"] == "write"
    assert client.get(f"{where}/fork-pr-contributor-approval") == {
        "approval_policy": "all_external_contributors"
    }


def test_fork_settings_are_a_private_repository_s(client: Client, repo: Json, where: str) -> None:
    client.put(f"{where}/fork-pr-workflows-private-repos", {"run_workflows_from_fork_pull_requests": False})
    told = client.get(f"{where}/fork-pr-workflows-private-repos")
    assert told["run_workflows_from_fork_pull_requests"] is False
    client.patch(f"/repos/{repo['full_name']}", {"private": False})
    assert client.refusal("GET", f"{where}/fork-pr-workflows-private-repos")[0] == 403


@pytest.mark.parametrize(
    ("tail", "body", "status"),
    [
        ("", {"enabled": "yes"}, 422),
        ("", {"allowed_actions": "all"}, 422),
        ("", {"enabled": True, "allowed_actions": "some"}, 422),
        ("/selected-actions", {"patterns_allowed": []}, 409),
        ("/workflow", {"default_workflow_permissions": "admin"}, 422),
        ("/fork-pr-contributor-approval", {"approval_policy": "nobody"}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: Client, where: str, tail: str, body: Json, status: int
) -> None:
    assert client.refusal("PUT", where + tail, body)[0] == status


def test_a_repository_without_actions_makes_no_runs(client: Client, repo: Json, where: str) -> None:
    client.put(where, {"enabled": False})
    assert "allowed_actions" not in client.get(where)
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    assert runs(client, repo) == []


@pytest.mark.parametrize(
    ("chosen", "action", "runs_it"),
    [
        ({"github_owned_allowed": True}, f"actions/checkout@{SHA}", True),
        ({"github_owned_allowed": False}, f"actions/checkout@{SHA}", False),
        ({"patterns_allowed": ["docker/build-push-action@*"]}, f"docker/build-push-action@{SHA}", True),
        ({"patterns_allowed": ["docker/*"]}, f"docker/login-action@{SHA}", True),
        ({"patterns_allowed": ["docker/*", "!docker/login-action@*"]}, f"docker/login-action@{SHA}", False),
        ({"patterns_allowed": ["docker/*"]}, f"other/action@{SHA}", False),
        ({"verified_allowed": True}, f"docker/login-action@{SHA}", True),
        ({"verified_allowed": True}, f"other/action@{SHA}", False),
        ({"patterns_allowed": []}, "./.github/actions/mine", True),
        ({"patterns_allowed": []}, f"sandbox/anything@{SHA}", True),
    ],
)
def test_only_allowed_actions_run(
    client: Client, *, repo: Json, where: str, chosen: Json, action: str, runs_it: bool
) -> None:
    client.put(where, {"enabled": True, "allowed_actions": "selected"})
    client.put(f"{where}/selected-actions", chosen)
    commit_file(client, repo["full_name"], FILE, uses(action))
    [run] = runs(client, repo)
    assert (run["conclusion"] or run["status"]) == ("queued" if runs_it else "startup_failure")


@pytest.mark.parametrize(
    ("action", "runs_it"),
    [
        (f"actions/checkout@{SHA}", True),
        ("actions/checkout@v6", False),
        (f"docker://alpine@sha256:{'b' * 64}", True),
        ("docker://alpine:3", False),
    ],
)
def test_an_action_has_to_be_pinned_where_that_is_required(
    client: Client, *, repo: Json, where: str, action: str, runs_it: bool
) -> None:
    client.put(where, {"enabled": True, "allowed_actions": "all", "sha_pinning_required": True})
    commit_file(client, repo["full_name"], FILE, uses(action))
    [run] = runs(client, repo)
    assert (run["conclusion"] or run["status"]) == ("queued" if runs_it else "startup_failure")


@pytest.mark.parametrize(
    ("setting", "in_file", "can_read_secret_names", "can_write"),
    [
        ("read", "", False, False),
        ("write", "", False, True),
        ("write", "{contents: read}", False, False),
        ("read", "{contents: write}", False, True),
        ("read", "write-all", False, True),
        ("write", "{}", False, False),
    ],
)
def test_a_job_s_token_may_what_its_workflow_says(
    client: Client,
    *,
    repo: Json,
    where: str,
    setting: str,
    in_file: str,
    can_read_secret_names: bool,
    can_write: bool,
) -> None:
    client.put(f"{where}/workflow", {"default_workflow_permissions": setting})
    text = workflow(BUILD, permissions=in_file) if in_file else workflow(BUILD)
    sha = commit_file(client, repo["full_name"], FILE, text)
    job = Client(client.url, runner_of(client, repo).take()["token"])
    name = repo["full_name"]
    assert (job.call("GET", f"/repos/{name}/actions/secrets").status_code == 200) is can_read_secret_names
    made = job.call("POST", f"/repos/{name}/git/refs", {"ref": "refs/heads/made", "sha": sha})
    assert (made.status_code == 201) is can_write
    assert len(runs(client, repo)) == 1, "what a job pushes starts nothing"


@pytest.mark.parametrize(
    ("enabled", "chosen", "expected"),
    [("all", False, 1), ("none", False, 0), ("selected", False, 0), ("selected", True, 1)],
)
def test_an_organization_decides_where_actions_run(
    client: Client, *, org: str, enabled: str, chosen: bool, expected: int
) -> None:
    repo = client.post(f"/orgs/{org}/repos", {"name": "app", "private": True})
    where = f"/orgs/{org}/actions/permissions"
    client.put(where, {"enabled_repositories": enabled, "allowed_actions": "all"})
    if chosen:
        client.put(f"{where}/repositories", {"selected_repository_ids": [repo["id"]]})
        assert client.get(f"{where}/repositories")["total_count"] == 1
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    assert client.get(where)["enabled_repositories"] == enabled
    assert len(runs(client, repo)) == expected


def test_an_organization_s_rules_hold_in_its_repositories(client: Client, org: str) -> None:
    repo = client.post(f"/orgs/{org}/repos", {"name": "app", "private": True})
    where = f"/orgs/{org}/actions/permissions"
    client.put(where, {"enabled_repositories": "all", "allowed_actions": "local_only"})
    commit_file(client, repo["full_name"], FILE, uses(f"actions/checkout@{SHA}"))
    assert runs(client, repo)[0]["conclusion"] == "startup_failure"
