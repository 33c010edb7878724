"""The station that the soak runs on: a GitLab project of its own, its settings as they are at the moment."""

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from gitlab.v4.objects import Project

from tests.e2e.accounts import GitLabAccount
from tests.e2e.stations import Station, push_file, shared_settings

WAYS = ("dind", "dood", "buildkit", "kaniko")


@dataclass(kw_only=True)
class World:
    """The station, its project, and what is declared at the moment."""

    station: Station
    project: Project
    account: GitLabAccount
    folder: Path
    chance: random.Random
    way: str = "dind"
    concurrent: int = 1
    label: int = 0
    pushes: int = 0

    def settings(self) -> dict[str, Any]:
        """The station's settings."""
        given = shared_settings(self.station.name, self.way)
        labels = {"label": str(self.label)}
        return {
            **given,
            "dind": {**given["dind"], "labels": labels, "stop_grace_seconds": 20},
            "gitlab": {"url": self.account.url},
            "project": {
                "project": self.project.path_with_namespace,
                "registration": {},
                "protected_branches": [{"branch": "main"}],
                "pipeline_file": {"branch": "main"},
            },
            "runner": {
                "pull_policies": ["if-not-present"],
                "concurrent": self.concurrent,
                "labels": labels,
                "drain_seconds": 600,
            },
            "pipeline": {"image_name": self.account.image(self.station.name), "timeout_minutes": 10},
        }

    def declare(self) -> None:
        """Write the settings as they are."""
        self.station.configure(self.settings(), {"gitlab:baseUrl": f"{self.account.url}/api/v4/"}, {})

    def up(self) -> None:
        """`pulumi up --refresh`; it must succeed."""
        self.declare()
        self.station.cli.up("--refresh")

    def push(self) -> str:
        """Push a commit that has not been there; returns it."""
        self.pushes += 1
        url = self.project.http_url_to_repo.replace("://", f"://oauth2:{self.account.token}@", 1)
        folder = self.folder / f"work-{os.getpid()}-{self.pushes}"
        return push_file(url, folder, "greeting.txt", f"hello {self.pushes}\n")

    def container(self, part: str) -> Container:
        """One of the station's containers."""
        return self.station.engine.containers.get(f"{self.station.name}-{part}")

    @property
    def daemon(self) -> str:
        """The part that is the daemon's container; empty where there is none."""
        return self.way if self.way in {"dind", "buildkit"} else ""
