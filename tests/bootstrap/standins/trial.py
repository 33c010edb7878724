"""A sample tried with the plugin of its forge, against a double of that forge."""

from bootstrap.standins.forge import Forge
from bootstrap.standins.github_provider import GITHUB
from bootstrap.standins.gitlab_provider import GITLAB
from tests.bootstrap.standins import github_samples, gitlab_samples
from tests.bootstrap.standins.forge_double import ForgeDouble
from tests.bootstrap.standins.plugin_driver import Object, Plugin, secret
from tests.bootstrap.standins.sample import Sample

FORGES = {"gitlab": GITLAB, "github": GITHUB}
SAMPLES = {each.type_name: each for each in (*gitlab_samples.SAMPLES, *github_samples.SAMPLES)}


def forge_of(sample: Sample) -> Forge:
    return FORGES[sample.type_name.split(":", maxsplit=1)[0]]


def ready(plugins: dict[str, Plugin], double: ForgeDouble, sample: Sample) -> Plugin:
    """The plugin of a sample's forge, configured for the double, which answers as the sample says."""
    double.places |= sample.places
    double.answers |= sample.answers
    plugin = plugins[forge_of(sample).name]
    token = secret("made-up-token")
    if forge_of(sample) is GITLAB:
        plugin.configure({"token": token, "baseUrl": f"{double.url}/api/v4/"})
    else:
        plugin.configure({"token": token, "baseUrl": double.url, "owner": "acme"})
    double.calls.clear()
    return plugin


def created(plugins: dict[str, Plugin], double: ForgeDouble, type_name: str) -> tuple[Plugin, Object]:
    """A sample's object, just made; the calls that made it are in `double.calls`."""
    sample = SAMPLES[type_name]
    plugin = ready(plugins, double, sample)
    return plugin, plugin.create(type_name, sample.inputs)
