"""A station on GitLab with every part that there is: its jobs build on a Docker Engine of their own."""

from ci_runners import Builder, BuildStation
from ci_runners.recommend import Trust
from ci_runners.render.gitlab_project import GitLabRunnerAccess

BuildStation(
    "up-dind",
    {
        "builder": Builder.DIND,
        "dind": {
            "accept_privileged": True,
            "trust_zone": Trust.ONE_TEAM,
            "memory": 1024,
            "cpus": 1.5,
            "labels": {"team": "builds"},
            "tags": ["dind"],
            "daemon_json": {"mtu": 1400, "log_max_size": "5m"},
        },
        "gitlab": {"url": "https://gitlab.example.com", "api_token": "glpat-of-no-one"},
        "project": {
            "project": "root/upgrade-app",
            "registration": {"access_level": GitLabRunnerAccess.REF_PROTECTED, "maximum_timeout": 3600},
            "variables": [{"key": "GREETING", "value": "hello"}],
            "secret_variables": [{"key": "DEPLOY_TOKEN", "value": "a-secret-of-no-one"}],
            "protected_branches": [{"branch": "main"}],
            "schedules": [{"description": "weekly"}],
            "pipeline_file": {"branch": "main"},
            "settings": {"trust": Trust.ONE_TEAM},
        },
        "runner": {"concurrent": 4, "memory": 256, "pull_policies": ["if-not-present"]},
        "pipeline": {"image_name": "registry.example.com/team/app"},
        "cleanup": {"max_size_gb": 50},
        "metrics": {},
    },
)
