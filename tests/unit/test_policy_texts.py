"""What is written about the policies, and what components share with them."""

from pathlib import Path

import pytest
import yaml

from ci_runners.policy.table import POLICIES, Policy
from ci_runners.render.ci_variables import PlainVariable, SecretVariable, value_problems
from ci_runners.render.config_toml import GitLabRunnerSpec
from ci_runners.render.github_runner import GitHubRunnerSpec
from ci_runners.render.github_runner_rules import runner_problems as github_runner_problems
from ci_runners.render.runner_rules import runner_problems
from ci_runners.validate import Rules
from tests.bad_twins.expected import EXAMPLES, programs

ROOT = Path(__file__).parents[2]
TOKEN = "glpat-made-up-0123456789"


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_the_page_has_every_policys_row(policy: Policy) -> None:
    ids = ", ".join(policy.cis) or "none"
    row = (
        f"| `{policy.name}` | {policy.description} | {ids} | {policy.severity.value} | {policy.level.value} |"
    )

    assert row in (ROOT / "docs" / "policies.md").read_text()


@pytest.mark.parametrize("example", programs())
def test_an_examples_project_is_named_after_its_folder_and_is_on_the_page(example: str) -> None:
    folder, page = EXAMPLES / example, example.partition("/")[0]

    assert yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"] == example.replace("/", "-")
    assert f"[{example}]({example})" in (EXAMPLES / "README.md").read_text()
    assert (EXAMPLES / page / "README.md").read_text().startswith(f"# {page}\n")


def test_a_runners_environment_takes_no_secret_by_the_policies_own_rule() -> None:
    gitlab = runner_problems(
        "runner", GitLabRunnerSpec(environment={"A": TOKEN, "PROXY_PASSWORD": "hunter2", "B": "1"})
    )
    github = github_runner_problems("runner", GitHubRunnerSpec(environment={"A": TOKEN, "B": "1"}))

    assert [problem.field for problem in gitlab] == ["environment.A", "environment.PROXY_PASSWORD"]
    assert [problem.field for problem in github] == ["environment.A"]
    assert TOKEN not in "".join(map(str, [*gitlab, *github]))
    assert "hunter2" not in "".join(map(str, gitlab))


@pytest.mark.parametrize(
    ("value", "expected"), [(TOKEN, 1), ("registry.example.com", 0), ("$OTHER_TOKEN", 0)]
)
def test_a_variable_that_holds_no_secret_may_not_look_like_one(value: str, expected: int) -> None:
    rules = Rules(component="GitLabProject 'app'")
    plain = PlainVariable(key="A", value=value)
    secret = SecretVariable(key="A")

    found = list(value_problems(rules, "variables[0]", plain, value, names=["A"]))

    assert len(found) == expected
    assert TOKEN not in "".join(map(str, found))
    assert [
        each
        for each in value_problems(rules, "secret", secret, value, names=["A"])
        if "secret_variables" in each.fix
    ] == []
