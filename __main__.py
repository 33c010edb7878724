"""The root program: the build stations that the stack's configuration describes (Pulumi.<stack>.yaml)."""

from typing import Any

import pulumi

from ci_runners.docker_hosts import on_docker_host
from ci_runners.host_check import check_hosts
from ci_runners.leftovers import clear_leftovers
from ci_runners.problems import InvalidInput
from ci_runners.settings import STATION, Settings
from ci_runners.settings_secrets import KEYS, PROJECT, VALUES, Secret, Secrets
from ci_runners.settings_stations import STATIONS, load_stations
from ci_runners.station import BuildStation
from ci_runners.station_settings import StationSecrets, station_args

config = pulumi.Config(PROJECT)
docker_host = pulumi.Config("docker").get("host")


def marked(key: str) -> bool:
    """Whether a key's value is a secret of the configuration."""
    return pulumi.runtime.is_config_secret(config.full_key(key))


values = {name: str(value) for name, value in (config.get_object(VALUES) or {}).items()}
try:
    stations = load_stations(
        config.get_object(STATION),
        config.get_object(STATIONS),
        Secrets(
            **{key: Secret(value=value, is_secret=marked(key)) for key in KEYS if (value := config.get(key))},
            values={name: Secret(value=value, is_secret=marked(VALUES)) for name, value in values.items()},
        ),
    )
    stations = check_hosts(stations, docker_host)
except InvalidInput as error:
    # A RunError is shown as it is, without a traceback: the person is to mend a file, not this program.
    raise pulumi.RunError(str(error)) from None

secrets = StationSecrets(
    **{key: config.require_secret(key) for key in KEYS if config.get(key)},
    values={name: pulumi.Output.secret(value) for name, value in values.items()},
)


def outputs(settings: Settings) -> dict[str, pulumi.Output[Any]]:
    """Make a station, and say what the stack shows of it."""
    host = settings.docker_host
    clearing = pulumi.ResourceOptions(transformations=[clear_leftovers(settings.name, host or docker_host)])
    options = pulumi.ResourceOptions.merge(on_docker_host(settings.name, host), clearing)
    station = BuildStation(settings.name, station_args(settings, secrets), options)
    return {
        # The way to build: dind, dood, buildkit or kaniko.
        "builder": station.builder,
        # How a runner and its jobs reach the daemon: versioned JSON, for a runner that another program declares.
        "connection": station.connection,
        # End of the life of the daemon's client certificate, ISO 8601 in UTC; `rotate` renews it.
        "certificate_expiry": station.certificate_expiry,
        # The runner's containers, for `docker logs`.
        "runner_container_names": station.runner_container_names,
        # The part of prometheus.yml that reads the station's metrics; empty without `metrics`.
        "scrape_config": station.scrape_config,
        # The `.gitlab-ci.yml`, or the workflow: `pulumi stack output pipeline > .gitlab-ci.yml`.
        "pipeline": station.pipeline,
    }


shown = {settings.name: outputs(settings) for settings in stations.values()}
if STATION in stations:
    for output, shows in shown[stations[STATION].name].items():
        pulumi.export(output, shows)
else:
    pulumi.export(STATIONS, shown)
