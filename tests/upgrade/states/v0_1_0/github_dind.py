"""A station on GitHub with every part that there is."""

from ci_runners import Builder, BuildStation
from ci_runners.recommend import Trust

BuildStation(
    "up-github",
    {
        "builder": Builder.DIND,
        "dind": {"accept_privileged": True, "trust_zone": Trust.ONE_TEAM},
        "github": {"url": "https://github.com/upgrade-org/app", "token": "github_pat_of_no_one"},
        "github_runner": {"concurrent": 2},
        "repository": {
            "repository": "app",
            "variables": {"GREETING": "hello"},
            "secrets": {"DEPLOY_TOKEN": "a-secret-of-no-one"},
            "environments": {"production": {"wait_timer": 5, "branches": ["main"]}},
            "permissions": {},
            "workflow_file": {"branch": "main"},
        },
        "workflow": {"timeout_minutes": 20},
        "cleanup": {},
        "keep_caches": False,
    },
)
