"""`pulumi-resource-github`, a stand-in: run as `python -m bootstrap.standins.github_provider`."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from bootstrap.standins.forge import Forge, Setting
from bootstrap.standins.github_functions import FUNCTIONS
from bootstrap.standins.github_resources import RESOURCES
from bootstrap.standins.rest_api import ApiError, RestApi
from bootstrap.standins.rest_provider import main

DOT_COM = "api.github.com"
SERVER_PATH = "/api/v3"
"""Where GitHub Enterprise Server has its REST API (GitHub's docs, Getting started with the REST API)."""


def connect(settings: Mapping[str, str]) -> RestApi:
    """The API of github.com, or of a server of one's own by its root. Without a token it runs anonymously."""
    if not settings["owner"]:
        raise ApiError("GitHub: the provider has no owner. Fix: set github:owner or GITHUB_OWNER")
    base_url = settings["baseUrl"].rstrip("/")
    if urlsplit(base_url).hostname != DOT_COM and not base_url.endswith(SERVER_PATH):
        base_url += SERVER_PATH
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    if settings["token"]:
        headers["Authorization"] = f"Bearer {settings['token']}"
    return RestApi(title="GitHub", base_url=base_url, headers=headers, constants={"owner": settings["owner"]})


GITHUB = Forge(
    name="github",
    title="GitHub",
    distribution="pulumi-github",
    resources=RESOURCES,
    functions=FUNCTIONS,
    settings=(
        Setting(name="token", env="GITHUB_TOKEN"),
        Setting(name="owner", env="GITHUB_OWNER"),
        Setting(name="baseUrl", env="GITHUB_BASE_URL", default=f"https://{DOT_COM}/"),
    ),
    connect=connect,
)

if __name__ == "__main__":
    main(GITHUB)
