"""What runs Pulumi programs in other languages than Python, and writes SDKs for them.

Pulumi's own download brings the language hosts along. Where it is not to be had, YAML's is built, and the ones for
TypeScript, Go and C# are stand-ins of ours around Pulumi's own generators.
"""

from functools import partial

from bootstrap import programs
from bootstrap.layout import Layout
from bootstrap.programs import GoProgram
from bootstrap.steps import How, Outcome, Step

YAML_VERSION = "1.25.0"
"""The newest that Go's module proxy serves; the CLI's own download holds a later one."""

YAML_HOST = GoProgram(
    name="YAML language host",
    folder="pulumi-yaml",
    packages=("github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml", "./cmd/pulumi-codegen-dotnet"),
    binaries=("pulumi-language-yaml", "pulumi-codegen-dotnet"),
    stamp=f"-X github.com/pulumi/pulumi-yaml/pkg/version.Version=v{YAML_VERSION}",
)
GENERATOR = GoProgram(name="SDK generator", folder="codegen", packages=(".",), binaries=("pulumi-codegen",))
STAND_INS = {
    "pulumi-language-dotnet": "bootstrap.standins.dotnet_host",
    "pulumi-language-go": "bootstrap.standins.go_host",
    "pulumi-language-nodejs": "bootstrap.standins.nodejs_host",
}


def yaml_host(places: Layout) -> Outcome:
    """YAML's language host: the one that came with Pulumi, or built. C#'s generator is built with it, of the same release."""
    if programs.beside_pulumi(places, YAML_HOST.binaries[0]):
        for name in YAML_HOST.binaries:
            (places.bin / name).unlink(missing_ok=True)
        return Outcome(how=How.FOUND, source="came with Pulumi")
    return programs.build_and_link(places, YAML_HOST)


def other_hosts(places: Layout) -> Outcome:
    """The language hosts of TypeScript, Go and C#: those that came with Pulumi, or stand-ins around a built generator."""
    missing = [name for name in STAND_INS if not programs.beside_pulumi(places, name)]
    for name, module in STAND_INS.items():
        if name in missing:
            programs.stand_in(places, name, module)
        else:
            (places.bin / name).unlink(missing_ok=True)
    if missing:
        return programs.build_and_link(places, GENERATOR)
    return Outcome(how=How.FOUND, source="came with Pulumi")


def language_steps(places: Layout) -> list[Step]:
    """No station needs them: programs in other languages do."""
    after = (programs.PULUMI.name,)
    return [
        Step(name=YAML_HOST.name, work=partial(yaml_host, places), needs=after, dev_station=False),
        Step(name="other language hosts", work=partial(other_hosts, places), needs=after, dev_station=False),
    ]
