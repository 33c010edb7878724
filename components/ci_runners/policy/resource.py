"""A resource as a policy sees it: plain data, whatever program declares it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

CONTAINER = "docker:index/container:Container"
REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage"
DOCKER_PROVIDER = "pulumi:providers:docker"
USER_RUNNER = "gitlab:index/userRunner:UserRunner"
PROJECT_VARIABLE = "gitlab:index/projectVariable:ProjectVariable"
GROUP_VARIABLE = "gitlab:index/groupVariable:GroupVariable"
INSTANCE_VARIABLE = "gitlab:index/instanceVariable:InstanceVariable"
GITLAB_FILE = "gitlab:index/repositoryFile:RepositoryFile"
ACTIONS_VARIABLE = "github:index/actionsVariable:ActionsVariable"
GITHUB_FILE = "github:index/repositoryFile:RepositoryFile"
RUNNER_GROUP = "github:index/actionsRunnerGroup:ActionsRunnerGroup"

_OURS = "ci-runners:index:"
_UNKNOWN = object()
UNKNOWN: Any = _UNKNOWN
"""What stands for a value that is not known before the resource is made. It is checked when it is."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. Properties are plain: secrets are opened, what is unknown is `UNKNOWN`."""

    type: str
    name: str
    urn: str
    properties: Mapping[str, Any]
    secret_outputs: tuple[str, ...] = ()
    """Outputs that its program keeps secret in the state."""
    provider: "Resource | None" = field(default=None, repr=False)

    @property
    def component(self) -> str:
        """What a problem calls it."""
        return f"{self.type.rpartition(':')[2]} {self.name!r}"

    @property
    def owner(self) -> str:
        """The innermost of this package's components that made it, such as `DindDaemon`; empty for none.

        It stands in the URN: the types of all parents, joined by $ (Pulumi docs, Resource names).
        """
        parts = self.urn.split("::")
        parents = parts[2].split("$")[:-1] if len(parts) > len(("urn:pulumi:stack", "project")) else []
        ours = [parent.removeprefix(_OURS) for parent in parents if parent.startswith(_OURS)]
        return ours[-1] if ours else ""

    def text(self, name: str) -> str:
        """A property that is text; empty where it is not there, or not known."""
        value = self.properties.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Whether a property is true."""
        return self.properties.get(name) is True

    def texts(self, name: str) -> list[tuple[str, str]]:
        """The known items of a list of texts, each with the field that it stands in."""
        return [(f"{name}[{at}]", item) for at, item in self._items(name) if isinstance(item, str)]

    def objects(self, name: str) -> list[tuple[str, "Resource"]]:
        """The known items of a list of objects, each with the field that it stands in."""
        return [
            (f"{name}[{at}]", Resource(type=self.type, name=self.name, urn=self.urn, properties=item))
            for at, item in self._items(name)
            if isinstance(item, Mapping)
        ]

    def object(self, name: str) -> "Resource":
        """A property that is an object; an empty one where it is not there, or not known."""
        value = self.properties.get(name)
        return Resource(
            type=self.type,
            name=self.name,
            urn=self.urn,
            properties=value if isinstance(value, Mapping) else {},
        )

    def environment(self) -> dict[str, str]:
        """A container's environment, of what is known."""
        pairs = (text.partition("=") for _, text in self.texts("envs"))
        return {name: value for name, _, value in pairs}

    def words(self) -> list[tuple[str, str]]:
        """What a container is started with: entrypoint and command, word by word."""
        return [*self.texts("entrypoints"), *self.texts("command")]

    def _items(self, name: str) -> Iterator[tuple[int, Any]]:
        value = self.properties.get(name)
        if isinstance(value, list | tuple):
            yield from enumerate(value)
