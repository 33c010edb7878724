"""Jobs on the GitHub sandbox, started by hand, and the runners that take them."""

import os
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import requests
import yaml

from tests.e2e.github_forge import TIMEOUT_S, Organization, address, api, token

PATIENCE_S = 180


def wait_for(what: Callable[[], bool], why: str, *, seconds: float = PATIENCE_S) -> None:
    """Wait until something outside is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"{why}: not within {seconds:g} s"
        time.sleep(0.3)


def admin(method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What people do on GitHub's pages, and the sandbox has a call for."""
    answer = requests.request(
        method,
        f"{address()}{path}",
        json=body,
        headers={"Authorization": f"Bearer {token()}"},
        timeout=TIMEOUT_S,
    )
    assert answer.ok, answer.text
    return cast(dict[str, Any], answer.json()) if answer.content else {}


def new_token(account: str, permissions: dict[str, str]) -> str:
    """A fine-grained token."""
    return str(admin("POST", "/_admin/tokens", {"account": account, "permissions": permissions})["token"])


def new_app(account: str, permissions: dict[str, str]) -> dict[str, str]:
    """An App that is installed on an account, as `GitHubRunner` takes it."""
    made = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout"], input=made, check=True, capture_output=True, text=True
    ).stdout
    installations = [{"account": account, "permissions": permissions}]
    app = admin(
        "POST", "/_admin/apps", {"name": account, "public_key": public, "installations": installations}
    )
    installation = str(app["installations"][0]["id"])
    return {"client_id": app["client_id"], "installation_id": installation, "private_key": made}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job, started by hand."""

    owner: "Project"
    run: int

    def told(self) -> dict[str, Any]:
        """The job as the API shows it."""
        (job,) = self.owner.get(f"/actions/runs/{self.run}/jobs")["jobs"]
        return cast(dict[str, Any], job)

    def log(self) -> str:
        """What it wrote, as far as it is known."""
        answer = requests.get(
            f"{api()}/repos/{self.owner.path}/actions/jobs/{self.told()['id']}/logs",
            headers={"Authorization": f"Bearer {token()}"},
            timeout=TIMEOUT_S,
        )
        return answer.text if answer.ok else ""

    def wait_until_it_says(self, word: str) -> None:
        """Wait until its steps have written something."""
        wait_for(lambda: f"| {word}" in self.log(), f"{word} in the job's log")

    def finished(self, conclusion: str = "success") -> str:
        """Wait for its end, which must be this one, and return its log."""
        wait_for(lambda: self.told()["status"] == "completed", "the job's end")
        assert self.told()["conclusion"] == conclusion, self.log()
        return self.log()

    def answers(self) -> dict[str, str]:
        """What each probe wrote."""
        found: dict[str, list[str]] = {}
        current: list[str] = []
        for line in self.finished().splitlines():
            _, mark, text = line.partition("   | ")
            if text.startswith("probe="):
                current = found.setdefault(text.removeprefix("probe="), [])
            elif mark:
                current.append(text)
        return {name: "\n".join(lines) for name, lines in found.items()}


@dataclass(frozen=True, kw_only=True)
class Project:
    """A repository of an organization, whose workflows are started by hand."""

    organization: Organization = field(default_factory=Organization)
    name: str = "app"

    @property
    def path(self) -> str:
        return f"{self.organization.login}/{self.name}"

    def create(self) -> None:
        """Make organization and repository."""
        self.organization.create()
        self.organization.add(self.name)

    def get(self, path: str) -> Any:  # noqa: ANN401  any JSON
        """GET something of the repository."""
        return self.organization.of(self.name, path)

    def runners(self) -> list[dict[str, Any]]:
        """The repository's runners and the organization's."""
        found = [
            *self.get("/actions/runners")["runners"],
            *self.organization.own("/actions/runners")["runners"],
        ]
        return cast(list[dict[str, Any]], found)

    def start(self, title: str, label: str, script: str, env: dict[str, str] | None = None) -> Job:
        """Commit a workflow with one step, and start it."""
        file = f".github/workflows/{title}.yml"
        job = {"runs-on": ["self-hosted", label], "env": env or {}, "steps": [{"run": script}]}
        # The stand-in runner reads the workflow from a clone, which takes this permission.
        permissions = {"contents": "read"}
        document = {"on": {"workflow_dispatch": None}, "permissions": permissions, "jobs": {"job": job}}
        content = b64encode(yaml.safe_dump(document, width=1000).encode()).decode()
        body = {"message": title, "content": content, "branch": "main"}
        self.organization.call("PUT", f"/repos/{self.path}/contents/{file}", body)
        workflow = f"/actions/workflows/{title}.yml"
        self.organization.call("POST", f"/repos/{self.path}{workflow}/dispatches", {"ref": "main"})
        wait_for(lambda: bool(self.get(f"{workflow}/runs")["workflow_runs"]), "the run")
        return Job(owner=self, run=self.get(f"{workflow}/runs")["workflow_runs"][0]["id"])


def probes(named: dict[str, str]) -> str:
    """A step's script: each probe's name before what it says."""
    return "\n".join(f"echo probe={name}; ({probe}) 2>&1 || true" for name, probe in named.items())


def engine_socket() -> str:
    """The socket of the engine that `bootstrap run` names."""
    return os.environ["DOCKER_HOST"].removeprefix("unix://")
