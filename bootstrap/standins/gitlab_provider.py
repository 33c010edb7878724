"""`pulumi-resource-gitlab`, a stand-in: run as `python -m bootstrap.standins.gitlab_provider`."""

from collections.abc import Mapping

from bootstrap.standins.forge import Forge, Setting
from bootstrap.standins.gitlab_functions import FUNCTIONS
from bootstrap.standins.gitlab_resources import RESOURCES
from bootstrap.standins.rest_api import RestApi
from bootstrap.standins.rest_provider import main


def connect(settings: Mapping[str, str]) -> RestApi:
    """The API, with its token tried on GET /user as the real plugin does, unless told not to."""
    api = RestApi(
        title="GitLab",
        base_url=settings["baseUrl"],
        headers={"Authorization": f"Bearer {settings['token']}"},
    )
    if settings["earlyAuthCheck"].lower() != "false":
        api.call("GET", "/user", {})
    return api


GITLAB = Forge(
    name="gitlab",
    title="GitLab",
    distribution="pulumi-gitlab",
    resources=RESOURCES,
    functions=FUNCTIONS,
    settings=(
        Setting(name="token", env="GITLAB_TOKEN"),
        Setting(name="baseUrl", env="GITLAB_BASE_URL", default="https://gitlab.com/api/v4/"),
        Setting(name="earlyAuthCheck", env="GITLAB_EARLY_AUTH_CHECK", default="true"),
    ),
    connect=connect,
)

if __name__ == "__main__":
    main(GITLAB)
