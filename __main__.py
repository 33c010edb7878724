"""The root program: one build station, as the stack's configuration describes it (Pulumi.<stack>.yaml)."""

import pulumi

from ci_runners.host_check import check_host
from ci_runners.problems import InvalidInput
from ci_runners.settings import PROJECT, STATION, TOKEN, Settings
from ci_runners.station import BuildStation, station_args

config = pulumi.Config(PROJECT)
try:
    settings = Settings.load(
        config.get_object(STATION),
        token=config.get(TOKEN),
        token_is_secret=pulumi.runtime.is_config_secret(config.full_key(TOKEN)),
    )
    if settings.preflight:
        settings = check_host(settings, pulumi.Config("docker").get("host"))
except InvalidInput as error:
    # A RunError is shown as it is, without a traceback: the person is to mend a file, not this program.
    raise pulumi.RunError(str(error)) from None

station = BuildStation(settings.name, station_args(settings, config.require_secret(TOKEN)))

pulumi.export("builder", station.builder)
"""The way to build: dind, dood, buildkit or kaniko."""
pulumi.export("connection", station.connection)
"""How a runner and its jobs reach the daemon: versioned JSON, for a runner that another program declares."""
pulumi.export("certificate_expiry", station.certificate_expiry)
"""End of the life of the daemon's client certificate, ISO 8601 in UTC; a restart of the daemon renews it."""
pulumi.export("runner_container_name", station.runner_container_name)
"""The runner's container, for `docker logs`."""
pulumi.export("pipeline", station.pipeline)
"""The `.gitlab-ci.yml` to commit: `pulumi stack output pipeline > .gitlab-ci.yml`."""
