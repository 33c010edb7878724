"""BuildStation: what it is made of, what its parts know of each other, and that it refuses before it begins."""

from collections.abc import Callable, Iterator
from typing import Any, get_args, get_type_hints

import pulumi
import pulumi_docker as docker
import pytest

from ci_runners.connection import Connection
from ci_runners.daemons.buildkit import BuildkitDaemonArgs
from ci_runners.daemons.dind import DaemonJsonArgs, DindDaemonArgs
from ci_runners.daemons.host import HostDaemonArgs
from ci_runners.daemons.kaniko import KanikoArgs
from ci_runners.problems import InvalidInput
from ci_runners.projects.github_args import GitHubRepositoryArgs
from ci_runners.projects.gitlab_args import GitLabProjectArgs
from ci_runners.recommend import Needs
from ci_runners.render.config_toml import S3Cache
from ci_runners.render.daemon_json import DaemonJson
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci
from ci_runners.render.station_spec import Builder
from ci_runners.runners.github import GitHubRunnerArgs
from ci_runners.runners.gitlab import GitLabRunnerArgs, S3CacheArgs
from ci_runners.settings import Settings
from ci_runners.settings_secrets import Secret, Secrets
from ci_runners.station import BuildStation
from ci_runners.station_args import (
    BuildStationArgs,
    GitHubArgs,
    GitHubWorkflowArgs,
    GitLabArgs,
    GitLabPipelineArgs,
    RegistriesArgs,
)
from ci_runners.station_settings import StationSecrets, station_args
from ci_runners.upkeep.cleanup import CacheCleanupArgs
from ci_runners.upkeep.drain import RunnerDrainArgs
from ci_runners.upkeep.metrics import StationMetricsArgs
from tests.graph import recorder
from tests.graph.recorder import SECRET, Graph, Registered, only

TOKEN = "glrt-made-up"
URL = "https://gitlab.example.com"
ARGS: BuildStationArgs = {
    "gitlab": {"url": URL, "token": TOKEN},
    "builder": Builder.DIND,
    "dind": {"accept_privileged": True, "tags": ["dind", "linux"]},
    "pipeline": {"image_name": "registry.example.com/team/app"},
}


def station(args: BuildStationArgs = ARGS, name: str = "ci") -> Callable[[], None]:
    def program() -> None:
        BuildStation(name, args)

    return program


def test_a_station_is_a_daemon_and_a_runner_and_their_children(graph: Graph) -> None:
    resources = graph.run(station())

    parents = {resource.name: resource.parent for resource in resources}
    assert parents.pop("ci") not in parents
    assert {name for name, parent in parents.items() if parent == "ci"} == {
        "ci-dind",
        "ci-buildkit",
        "ci-runner",
    }
    assert set(parents.values()) == {"ci", "ci-dind", "ci-buildkit", "ci-runner"}
    kept = {name for name, parent in parents.items() if parent == "ci-buildkit"}
    assert {only(resources, name).type for name in kept} == {"docker:index/volume:Volume"}
    assert only(resources, "ci").type == "ci-runners:index:BuildStation"


def test_the_runner_is_made_after_the_daemon_answers(graph: Graph) -> None:
    resources = graph.run(station())

    assert "ci-dind-container" in only(resources, "ci-runner-container").dependencies


def test_the_outputs_are_those_of_the_parts_and_the_pipeline_that_fits_them(graph: Graph) -> None:
    resources = graph.run(station())

    outputs = only(resources, "ci").outputs
    connection = outputs["connection"]
    spec = GitLabPipelineSpec(image_name="registry.example.com/team/app")
    assert outputs == {
        "connection": only(resources, "ci-dind").outputs["connection"],
        "builder": "dind",
        "certificate_expiry": "2027-01-02T03:04:05Z",
        "runner_container_names": ["ci-runner"],
        "pipeline": render_gitlab_ci(spec, Connection.parse(connection)),
        "scrape_config": "",
    }
    assert Connection.parse(connection).tags == ("dind", "linux")


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize("marked", [False, True], ids=["plain text", "a secret"])
def test_the_token_is_a_secret_wherever_it_goes(graph: Graph, *, preview: bool, marked: bool) -> None:
    def program() -> None:
        token: pulumi.Input[str] = pulumi.Output.secret(TOKEN) if marked else TOKEN
        BuildStation("ci", {**ARGS, "gitlab": {"url": URL, "token": token}})

    resources = graph.run(program, preview=preview)

    plain = [text for resource in resources for text in plain_texts([resource.inputs, resource.outputs])]
    assert [text for text in plain if TOKEN in text] == []
    assert TOKEN in repr(only(resources, "ci-runner-config-writer").inputs), "it must go somewhere"


def plain_texts(value: Any) -> Iterator[str]:  # noqa: ANN401  any JSON
    """Every text of a value but those inside a secret."""
    if isinstance(value, str):
        yield value
    if isinstance(value, list):
        for item in value:
            yield from plain_texts(item)
    if isinstance(value, dict) and SECRET not in value:
        for key, inner in value.items():
            yield key
            yield from plain_texts(inner)


def test_everything_uses_the_provider_that_the_station_was_given(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers: dict[str, str] = {}
    register = recorder.Monitor.RegisterResource

    def spy(monitor: recorder.Monitor, request: Any) -> object:  # noqa: ANN401  generated, no types
        providers[request.name] = request.provider
        return register(monitor, request)

    def program() -> None:
        elsewhere = docker.Provider("elsewhere", host="ssh://ci@build.example.com")
        BuildStation("ci", ARGS, pulumi.ResourceOptions(providers=[elsewhere]))

    monkeypatch.setattr(recorder.Monitor, "RegisterResource", spy)

    resources = graph.run(program)

    used = {
        resource.name: providers[resource.name]
        for resource in resources
        if resource.type.startswith("docker:")
    }
    assert used
    assert {name: provider for name, provider in used.items() if "::elsewhere::" not in provider} == {}


def test_two_stations_on_one_docker_host_share_no_name(graph: Graph) -> None:
    def program() -> None:
        BuildStation("one", ARGS)
        BuildStation("two", ARGS)

    resources = graph.run(program)

    made = [resource for resource in resources if resource.type.startswith("docker:")]
    assert len(made) > 2
    assert len({(resource.type, resource.inputs["name"]) for resource in made}) == len(made)


def test_what_settings_describe_is_what_the_same_arguments_by_hand_describe(graph: Graph) -> None:
    plain = {key: value for key, value in ARGS.items() if key != "gitlab"}
    given = {**plain, "name": "ci", "gitlab": {"url": URL}, "runner": {"concurrent": 3, "dns": ["10.0.0.2"]}}
    settings = Settings.load(given, Secrets(runner_token=Secret(value=TOKEN, is_secret=True)))
    by_hand: BuildStationArgs = {**ARGS, "runner": {"concurrent": 3, "dns": ["10.0.0.2"]}}

    def of_settings() -> None:
        secrets = StationSecrets(runner_token=pulumi.Output.secret(TOKEN))
        BuildStation("ci", station_args(settings, secrets))

    assert graph.run(of_settings) == graph.run(station(by_hand))


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "the daemon": ({"dind": {"accept_privileged": False}}, "dind.accept_privileged"),
    "the runner": ({"runner": {"concurrent": 0}}, "runner.concurrent"),
    "the runner's wiring": ({"runner": {"token": TOKEN}}, "runner.token"),
    "the pipeline": ({"pipeline": {"image_name": "app:1"}}, "pipeline.image_name"),
    "an argument that there is not": ({"demon": {}}, "demon"),
    "the forge's URL": ({"gitlab": {"url": "gitlab", "token": TOKEN}}, "gitlab.url"),
    "a forge that is not there": ({"gitlab": None}, "gitlab"),
    "a forge that is only a URL": ({"gitlab": URL}, "gitlab"),
    "a URL that is not there": ({"gitlab": {"token": TOKEN}}, "gitlab.url"),
    "a token that is not there": ({"gitlab": {"url": URL}}, "gitlab.token"),
    "an argument that the forge has not": (
        {"gitlab": {"url": URL, "token": TOKEN, "connection": ""}},
        "gitlab.connection",
    ),
    "the token": ({"gitlab": {"url": URL, "token": ""}}, "gitlab.token"),
    "parts that do not fit": ({"runner": {"drain_seconds": 60}}, "runner.drain_seconds"),
}


@pytest.mark.parametrize(("change", "field"), BAD.values(), ids=BAD.keys())
def test_nothing_is_registered_where_something_is_wrong_with(
    graph: Graph, change: dict[str, Any], field: str
) -> None:
    args: Any = {**ARGS, **change}

    with pytest.raises(InvalidInput) as caught:
        graph.run(station(args))

    assert [(problem.component, problem.field) for problem in caught.value.problems] == [
        ("BuildStation 'ci'", field)
    ]
    assert graph.resources == []


def test_a_bad_name_is_said_once_and_as_the_person_wrote_it(graph: Graph) -> None:
    with pytest.raises(InvalidInput) as caught:
        graph.run(station(name="my station"))

    assert [(problem.field, problem.value) for problem in caught.value.problems] == [("name", "my station")]
    assert graph.resources == []


def test_an_empty_forge_lacks_both_its_arguments_and_a_missing_one_is_told_as_one(graph: Graph) -> None:
    empty: Any = {**ARGS, "gitlab": {}}
    missing: Any = {key: value for key, value in ARGS.items() if key != "gitlab"}

    with pytest.raises(InvalidInput) as of_empty:
        graph.run(station(empty))
    with pytest.raises(InvalidInput) as of_missing:
        graph.run(station(missing))

    assert [problem.field for problem in of_empty.value.problems] == ["gitlab.url", "gitlab.token"]
    assert [problem.field for problem in of_missing.value.problems] == ["gitlab"]
    assert graph.resources == []


def test_a_forge_of_the_wrong_shape_is_refused_without_showing_it(graph: Graph) -> None:
    args: Any = {**ARGS, "gitlab": {"url": URL, "token": TOKEN, "tokn": TOKEN}}
    text: Any = {**ARGS, "gitlab": TOKEN}

    for wrong in (args, text):
        with pytest.raises(InvalidInput) as caught:
            graph.run(station(wrong))
        assert TOKEN not in str(caught.value)


def test_a_runner_that_is_none_is_a_runner_that_is_not_given(graph: Graph) -> None:
    args: Any = {**ARGS, "runner": None}

    assert graph.run(station(args)) == graph.run(station())


def test_what_is_wrong_in_several_parts_is_said_at_once(graph: Graph) -> None:
    args: Any = {
        "gitlab": {"url": "gitlab", "token": TOKEN},
        "builder": "dind",
        "dind": {"accept_privileged": True, "memory": 1},
        "runner": {"concurrent": 0},
        "pipeline": {"image_name": ""},
    }

    with pytest.raises(InvalidInput) as caught:
        graph.run(station(args))

    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"gitlab.url", "dind.memory", "runner.concurrent", "pipeline.image_name"}


def keys(kind: type) -> set[str]:
    return set(kind.__annotations__)


def test_every_argument_can_be_set_in_the_settings() -> None:
    plain = {"name", "builder", "docker_host", "keep_caches", "preflight"}
    sections = {
        name: keys(next(iter(get_args(hint)), hint))
        for name, hint in get_type_hints(Settings).items()
        if name not in plain
    }

    assert sections == {
        "gitlab": keys(GitLabArgs) - {"token", "api_token"},
        "needs": keys(Needs),
        "registries": keys(RegistriesArgs),
        "dind": keys(DindDaemonArgs) - {"authority_key"},
        "dood": keys(HostDaemonArgs),
        "buildkit": keys(BuildkitDaemonArgs) - {"authority_key"},
        "kaniko": keys(KanikoArgs),
        "runner": keys(GitLabRunnerArgs) - {"url", "token", "connection"},
        "pipeline": keys(GitLabPipelineArgs),
        "project": keys(GitLabProjectArgs) - {"connection", "secret_values"},
        "github": keys(GitHubArgs) - {"token"},
        "repository": keys(GitHubRepositoryArgs) - {"connection"},
        "github_runner": keys(GitHubRunnerArgs) - {"url", "connection", "token", "app", "runner_group"},
        "workflow": keys(GitHubWorkflowArgs),
        "cleanup": keys(CacheCleanupArgs) - {"connection"},
        "metrics": keys(StationMetricsArgs)
        - {"connection", "daemon_metrics_volume", "cleanup_state_volume", "certificate_expiry"},
        "drain": keys(RunnerDrainArgs) - {"url", "api_token", "runner_id", "runner_container"},
    }
    assert keys(DaemonJson) == keys(DaemonJsonArgs)
    assert keys(S3Cache) == keys(S3CacheArgs)


def names(resources: list[Registered]) -> set[str]:
    return {resource.name for resource in resources}


def test_a_preview_shows_what_an_up_makes(graph: Graph) -> None:
    assert names(graph.run(station(), preview=True)) == names(graph.run(station()))
