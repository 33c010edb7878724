"""What `GitHubRepository` takes and what it refuses, as changes of `repository: app`; of what is refused the field too."""

from typing import Any

from ci_runners.connections import dind_connection
from ci_runners.render.github_values import MOST_VALUE

DIND = dind_connection(host="dind", network="net", client_volume="certs", tags=("dind", "amd64"))
GOOD: dict[str, dict[str, Any]] = {
    "a repository alone": {},
    "dots and dashes": {"repository": "my.app-1_x"},
    "variables": {"variables": {"A": "", "_B1": "x", "MY_GITHUB_NAME": "x"}},
    "the largest value": {"variables": {"BIG": "x" * MOST_VALUE}, "secrets": {"BIG": "x" * MOST_VALUE}},
    "the same name twice": {"variables": {"NAME": "x"}, "secrets": {"NAME": "x"}},
    "an environment": {"environments": {"production": {}}},
    "an environment with a slash and spaces": {"environments": {"Prod eu/west": {"wait_timer": 43200}}},
    "six reviewers": {
        "environments": {
            "p": {"reviewer_users": [1, 2, 3], "reviewer_teams": [1, 2, 3], "prevent_self_review": True}
        }
    },
    "patterns": {"environments": {"p": {"branches": ["main", "release/**"], "tags": ["v*"]}}},
    "a group for the committed workflow": {
        "runner_group": {"name": "builders"},
        "workflow_file": {"content": "on: push"},
    },
    "a group for a tag's workflow": {
        "runner_group": {"name": "builders", "selected_workflows": ["o/r/.github/workflows/b.yaml@v1.2"]}
    },
    "a group for any workflow": {"runner_group": {"name": "builders", "restricted_to_workflows": False}},
    "actions": {
        "permissions": {"patterns_allowed": ["docker/*", "a/b@v1", "a/b/c/.github/workflows/d.yml@*"]}
    },
    "all actions": {"permissions": {"allowed_actions": "all"}},
    "another branch": {
        "workflow_file": {"content": "on: push", "branch": "feature/x", "path": ".github/workflows/x.yaml"}
    },
    "an author": {
        "workflow_file": {"content": "on: push", "commit_author": "A", "commit_email": "a@example.com"}
    },
    "an organization": {"repository": None, "organization": "octo-org", "repositories": ["app", "lib"]},
    "a connection": {"connection": DIND.dump()},
    "500 variables": {"variables": {f"V{number}": "x" for number in range(500)}},
}

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({"repository": None}, "repository"),
    "both": ({"organization": "acme", "repositories": ["app"]}, "repository"),
    "an owner": ({"repository": "acme/app"}, "repository"),
    "a clone address": ({"repository": "app.git"}, "repository"),
    "no name": ({"repository": ""}, "repository"),
    "a parent folder": ({"repository": ".."}, "repository"),
    "a long name": ({"repository": "a" * 101}, "repository"),
    "repositories beside a repository": ({"repositories": ["lib"]}, "repositories"),
    "an organization with a dot": (
        {"repository": None, "organization": "a.b", "repositories": ["app"]},
        "organization",
    ),
    "an organization without repositories": ({"repository": None, "organization": "acme"}, "repositories"),
    "a repository twice": (
        {"repository": None, "organization": "acme", "repositories": ["app", "app"]},
        "repositories",
    ),
    "an organization's environment": (
        {"repository": None, "organization": "acme", "repositories": ["app"], "environments": {"p": {}}},
        "environments",
    ),
    "lower case": ({"variables": {"image": "x"}}, "variables.image"),
    "a dash": ({"variables": {"MY-IMAGE": "x"}}, "variables.MY-IMAGE"),
    "a space": ({"secrets": {"MY KEY": "x"}}, "secrets.MY KEY"),
    "a digit first": ({"secrets": {"1KEY": "x"}}, "secrets.1KEY"),
    "an umlaut": ({"variables": {"GRÖSSE": "x"}}, "variables.GRÖSSE"),
    "an empty name": ({"variables": {"": "x"}}, "variables."),
    "a line's end": ({"variables": {"A\n": "x"}}, "variables.A\n"),
    "github's prefix": ({"secrets": {"GITHUB_KEY": "x"}}, "secrets.GITHUB_KEY"),
    "github's prefix in lower case": ({"variables": {"github_x": "x"}}, "variables.github_x"),
    "a connection's variable": (
        {"connection": DIND.dump(), "variables": {"RUNS_ON": "x"}},
        "variables.RUNS_ON",
    ),
    "a large variable": ({"variables": {"A": "x" * (MOST_VALUE + 1)}}, "variables.A"),
    "a secret large in bytes": ({"secrets": {"A": "ä" * (MOST_VALUE // 2 + 1)}}, "secrets.A"),
    "an empty secret": ({"secrets": {"A": ""}}, "secrets.A"),
    "a number": ({"variables": {"A": 1}}, "variables.A"),
    "no value": ({"variables": {"A": None}}, "variables.A"),
    "a list of variables": ({"variables": ["A"]}, "variables"),
    "101 secrets": ({"secrets": {f"S{number}": "x" for number in range(101)}}, "secrets"),
    "101 of an environment": (
        {"environments": {"p": {"variables": {f"V{number}": "x" for number in range(101)}}}},
        "environments.p.variables",
    ),
    "an environment's lower case": (
        {"environments": {"p": {"secrets": {"k": "x"}}}},
        "environments.p.secrets.k",
    ),
    "an environment's empty secret": (
        {"environments": {"p": {"secrets": {"K": ""}}}},
        "environments.p.secrets.K",
    ),
    "a blank environment": ({"environments": {" ": {}}}, "environments. "),
    "two lines": ({"environments": {"a\nb": {}}}, "environments.a\nb"),
    "a long environment": ({"environments": {"p" * 256: {}}}, f"environments.{'p' * 256}"),
    "environments alike": ({"environments": {"prod": {}, "Prod": {}}}, "environments.Prod"),
    "a long wait": ({"environments": {"p": {"wait_timer": 43201}}}, "environments.p.wait_timer"),
    "seven reviewers": (
        {"environments": {"p": {"reviewer_users": [1, 2, 3, 4], "reviewer_teams": [1, 2, 3]}}},
        "environments.p.reviewer_users",
    ),
    "a reviewer by name": (
        {"environments": {"p": {"reviewer_users": ["ann"]}}},
        "environments.p.reviewer_users[0]",
    ),
    "no one to review": (
        {"environments": {"p": {"prevent_self_review": True}}},
        "environments.p.prevent_self_review",
    ),
    "protected and patterns": (
        {"environments": {"p": {"protected_branches": True, "branches": ["main"]}}},
        "environments.p.protected_branches",
    ),
    "a whole ref": ({"environments": {"p": {"branches": ["refs/heads/main"]}}}, "environments.p.branches[0]"),
    "a pattern twice": ({"environments": {"p": {"tags": ["v*", "v*"]}}}, "environments.p.tags"),
    "a misspelt field": ({"environments": {"p": {"wait": 1}}}, "environments.p.wait"),
    "the default group": (
        {"runner_group": {"name": "default", "restricted_to_workflows": False}},
        "runner_group.name",
    ),
    "no workflow": ({"runner_group": {"name": "builders"}}, "runner_group.selected_workflows"),
    "workflows without a restriction": (
        {
            "runner_group": {
                "name": "builders",
                "restricted_to_workflows": False,
                "selected_workflows": ["o/r/.github/workflows/b.yml@main"],
            }
        },
        "runner_group.selected_workflows",
    ),
    **{
        f"the workflow {text}": (
            {"runner_group": {"name": "builders", "selected_workflows": [text]}},
            "runner_group.selected_workflows[0]",
        )
        for text in (
            "o/r/.github/workflows/b.yml",
            "r/.github/workflows/b.yml@main",
            "o/r/ci/b.yml@main",
            "o/r/.github/workflows/sub/b.yml@main",
            "o/r/.github/workflows/b.txt@main",
            "o/r/.github/workflows/b.yml@release/*",
        )
    },
    **{
        f"the action {text}": (
            {"permissions": {"patterns_allowed": [text]}},
            "permissions.patterns_allowed[0]",
        )
        for text in ("*", "*/*", "docker/login-action", "docker/login-action@", "docker")
    },
    "patterns without selection": (
        {"permissions": {"allowed_actions": "all", "patterns_allowed": ["a/b@*"]}},
        "permissions.patterns_allowed",
    ),
    "an unknown word": ({"permissions": {"allowed_actions": "some"}}, "permissions.allowed_actions"),
    **{
        f"the path {path}": ({"workflow_file": {"content": "on: push", "path": path}}, "workflow_file.path")
        for path in (
            "build.yml",
            ".github/workflows/a/b.yml",
            ".github/workflows/b.json",
            "/.github/workflows/b.yml",
        )
    },
    **{
        f"the branch {branch}": (
            {"workflow_file": {"content": "on: push", "branch": branch}},
            "workflow_file.branch",
        )
        for branch in ("refs/heads/main", "a b", "a..b", "main/", "-main", "main.lock", "a~1", "")
    },
    "an author without an address": (
        {"workflow_file": {"content": "on: push", "commit_author": "A"}},
        "workflow_file.commit_author",
    ),
    "no content": ({"workflow_file": {}}, "workflow_file.content"),
    "blank content": ({"workflow_file": {"content": " \n"}}, "workflow_file.content"),
    "no connection": ({"connection": "tcp://dind:2376"}, "connection.text"),
    "kaniko": ({"connection": DIND.dump().replace('"kind":"dind"', '"kind":"kaniko"')}, "connection"),
}
