"""Several stations of one stack: each as `station` would be, and what they share."""

import copy
from typing import Any

import pytest
import yaml

from ci_runners.problems import InvalidInput
from ci_runners.recommend import Trust
from ci_runners.settings import Settings
from ci_runners.settings_secrets import KEYS, Secret, Secrets
from ci_runners.settings_stations import load_stations
from tests.unit.authority import KEY as PRIVATE_KEY
from tests.unit.test_settings import CASES, GOOD, ROOT, TOKEN, changed, secrets

PROD = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())
REGISTERS = {"project": {"project": "team/app", "registration": {}}}
IN_A_STATION = [case for case in CASES if any(field.startswith("station.") for field in case["says"])]
GITHUB = {"github": {"url": "https://github.com/octo-org/app"}}


def hidden(value: str) -> Secret:
    return Secret(value=value, is_secret=True)


def another(name: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401  any settings
    return {**copy.deepcopy(GOOD), "name": name, **given}


def on_github(name: str) -> dict[str, Any]:
    return {key: value for key, value in another(name, **GITHUB).items() if key not in {"gitlab", "pipeline"}}


def refused(stations: object, known: Secrets | None = None, *, station: object = None) -> dict[str, str]:
    """What is said of each field, with what stands before it."""
    with pytest.raises(InvalidInput) as caught:
        load_stations(station or {}, stations, known or secrets())
    return {f"{each.component}: {each.field}": str(each) for each in caught.value.problems}


def test_a_single_station_is_read_as_it_always_was() -> None:
    assert load_stations(GOOD, [], secrets()) == {"station": Settings.load(GOOD, secrets())}


def test_each_of_several_stations_is_what_it_would_be_alone() -> None:
    given = [another("a"), another("b", docker_host="ssh://ci@builder-1.example.com")]

    found = load_stations({}, given, secrets())

    assert list(found) == ["stations[0]", "stations[1]"]
    assert found["stations[0]"] == Settings.load(given[0], secrets())
    assert found["stations[1]"].docker_host == "ssh://ci@builder-1.example.com"


@pytest.mark.parametrize(
    "address",
    [
        "ssh://builder",
        "ssh://ci@10.0.0.7:2222",
        "ssh://ci@[fd00::7]:22/",
        "unix:///run/user/1000/docker.sock",
    ],
)
def test_a_docker_host_is_behind_ssh_or_a_socket(address: str) -> None:
    (found,) = load_stations({}, [another("a", docker_host=address)], secrets()).values()

    assert found.docker_host == address


@pytest.mark.parametrize("case", IN_A_STATION, ids=lambda case: case["case"])
def test_what_is_wrong_with_one_station_is_said_of_the_second_one_too(case: dict[str, Any]) -> None:
    found = refused([another("first"), changed(case)], secrets(case.get("token", TOKEN)))

    in_file = {field for field in case["says"] if field.startswith("station.")}
    expected = {f"settings: {field.replace('station', 'stations[1]', 1)}" for field in in_file}
    assert {field for field in found if not field.startswith("settings of ")} == expected


def test_both_keys_at_once_are_refused_and_nothing_of_them_is_shown() -> None:
    found = refused([another("a")], station={"runner_token": "of-a-secret"})

    assert found == {"settings: station": found["settings: station"]}
    assert "got 'both', expected exactly one of station and stations" in found["settings: station"]


@pytest.mark.parametrize("given", [{"name": "a"}, "a", 5])
def test_what_is_no_list_is_refused(given: object) -> None:
    assert "write a `-`" in refused(given)["settings: stations"]


def test_an_item_that_is_no_station_is_refused_by_its_place() -> None:
    assert set(refused([another("a"), "b"])) == {"settings: stations[1]"}


def test_two_stations_need_two_names_even_on_two_hosts() -> None:
    given = [another("a", docker_host=f"ssh://builder-{number}") for number in (1, 2)]

    assert "another name than that of stations[0]" in refused(given)["settings: stations[1].name"]


def test_the_problems_of_all_stations_are_said_at_once() -> None:
    found = refused([another("a", builder="dnid"), another("b", dind={})], Secrets())

    assert set(found) == {
        "settings: stations[0].builder",
        "settings: stations[1].dind.accept_privileged",
        "settings of stations[0], stations[1]: ci-runners:runner_token",
    }


def test_a_secret_that_one_station_needs_is_not_too_much_for_another() -> None:
    known = Secrets(runner_token=hidden(TOKEN), github_token=hidden("github_pat_made-up"))

    found = load_stations({}, [another("a"), another("b", **REGISTERS), on_github("c")], known)

    assert [settings.name for settings in found.values()] == ["a", "b", "c"]


def test_a_secret_that_no_station_needs_is_refused() -> None:
    found = refused([another("a", **REGISTERS), another("b", **REGISTERS)])

    assert set(found) == {"settings of stations[0], stations[1]: ci-runners:runner_token"}


def test_a_value_must_be_named_by_one_station_and_may_be_by_several() -> None:
    named = {**REGISTERS["project"], "secret_variables": [{"key": "DEPLOY_TOKEN"}]}
    stations = [another("a", project=named), another("b", **REGISTERS)]

    assert load_stations({}, stations, Secrets(values={"DEPLOY_TOKEN": hidden("made-up-value")}))
    missing = refused(stations, Secrets())
    too_much = refused(
        stations, Secrets(values={"DEPLOY_TOKEN": hidden("made-up-value"), "OTHER": hidden("made-up-value")})
    )

    assert set(missing) == {"settings of stations[0]: ci-runners:secrets.DEPLOY_TOKEN"}
    assert set(too_much) == {"settings of stations[0], stations[1]: ci-runners:secrets.OTHER"}


def test_a_secret_that_is_not_marked_as_one_is_refused_once_for_all_and_not_shown() -> None:
    found = refused([another("a"), another("b")], secrets(is_secret=False))

    (said,) = found.values()
    assert "pulumi config set --secret ci-runners:runner_token" in said
    assert TOKEN not in said


def of_prod() -> Secrets:
    return Secrets(
        gitlab_api_token=hidden("glpat-made-up"),
        github_app_private_key=hidden(PRIVATE_KEY),
        values={"DEPLOY_TOKEN": hidden("made-up-value")},
    )


def test_the_committed_production_environment_is_two_hosts_two_forges_and_two_zones() -> None:
    backend, web = load_stations({}, PROD["config"]["ci-runners:stations"], of_prod()).values()

    assert [backend.docker_host, web.docker_host] == [
        "ssh://ci@builder-1.example.com",
        "ssh://ci@builder-2.example.com",
    ]
    assert backend.gitlab is not None
    assert web.github is not None
    assert (backend.builder.value, backend.dind.trust_zone) == ("dind", Trust.ONE_TEAM)
    assert web.builder.value == "buildkit"


def test_the_committed_production_environment_says_which_secrets_it_wants() -> None:
    found = refused(PROD["config"]["ci-runners:stations"], Secrets())

    assert set(found) == {
        "settings of stations[0]: ci-runners:gitlab_api_token",
        "settings of stations[0]: ci-runners:secrets.DEPLOY_TOKEN",
        "settings of stations[1]: ci-runners:github_app_private_key",
    }
    text = (ROOT / "Pulumi.prod.yaml").read_text()
    names = [field.rpartition("ci-runners:")[2] for field in found]
    assert [name for name in names if f"ci-runners:{name}" not in text] == []


def test_the_committed_production_environment_holds_no_secret() -> None:
    assert set(PROD) == {"config"}
    assert set(PROD["config"]) == {"gitlab:baseUrl", "github:owner", "ci-runners:stations"}
    assert {f"ci-runners:{key}" for key in KEYS}.isdisjoint(PROD["config"])
    assert "secure" not in repr(PROD)
