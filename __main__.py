"""The root program: one build station, as the stack's configuration describes it (Pulumi.<stack>.yaml)."""

import pulumi

from ci_runners.host_check import check_host
from ci_runners.leftovers import clear_leftovers
from ci_runners.problems import InvalidInput
from ci_runners.settings import STATION, Settings
from ci_runners.settings_secrets import KEYS, PROJECT, VALUES, Secret, Secrets
from ci_runners.station import BuildStation
from ci_runners.station_settings import StationSecrets, station_args

config = pulumi.Config(PROJECT)


def marked(key: str) -> bool:
    """Whether a key's value is a secret of the configuration."""
    return pulumi.runtime.is_config_secret(config.full_key(key))


values = {name: str(value) for name, value in (config.get_object(VALUES) or {}).items()}
try:
    settings = Settings.load(
        config.get_object(STATION),
        Secrets(
            **{key: Secret(value=value, is_secret=marked(key)) for key in KEYS if (value := config.get(key))},
            values={name: Secret(value=value, is_secret=marked(VALUES)) for name, value in values.items()},
        ),
    )
    if settings.preflight:
        settings = check_host(settings, pulumi.Config("docker").get("host"))
except InvalidInput as error:
    # A RunError is shown as it is, without a traceback: the person is to mend a file, not this program.
    raise pulumi.RunError(str(error)) from None

clear_leftovers(pulumi.Config("docker").get("host"))
secrets = StationSecrets(
    **{key: config.require_secret(key) for key in KEYS if config.get(key)},
    values={name: pulumi.Output.secret(value) for name, value in values.items()},
)
station = BuildStation(settings.name, station_args(settings, secrets))

pulumi.export("builder", station.builder)
"""The way to build: dind, dood, buildkit or kaniko."""
pulumi.export("connection", station.connection)
"""How a runner and its jobs reach the daemon: versioned JSON, for a runner that another program declares."""
pulumi.export("certificate_expiry", station.certificate_expiry)
"""End of the life of the daemon's client certificate, ISO 8601 in UTC; `rotate` renews it."""
pulumi.export("runner_container_names", station.runner_container_names)
"""The runner's containers, for `docker logs`."""
pulumi.export("scrape_config", station.scrape_config)
"""The part of prometheus.yml that reads the station's metrics; empty without `metrics`."""
pulumi.export("pipeline", station.pipeline)
"""The `.gitlab-ci.yml`, or the workflow: `pulumi stack output pipeline > .gitlab-ci.yml`."""
