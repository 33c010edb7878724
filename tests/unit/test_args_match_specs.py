"""Arguments (what a person writes) and specs (what the package thinks with) are two lists of the same fields."""

import ast
import dataclasses
import inspect
import itertools
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pulumi
import pytest

from ci_runners.daemons.buildkit import BuildkitDaemonArgs
from ci_runners.daemons.certificates import CertificatesArgs
from ci_runners.daemons.dind import DaemonJsonArgs, DindDaemonArgs
from ci_runners.daemons.host import HostDaemonArgs
from ci_runners.daemons.kaniko import KanikoArgs
from ci_runners.plugin.schema import bases
from ci_runners.projects.gitlab_args import (
    GitLabProjectArgs,
    GitLabRegistrationArgs,
    GitLabSecretVariableArgs,
    GitLabSettingsArgs,
    GitLabVariableArgs,
    JobTokenScopeArgs,
    PipelineFileArgs,
    PipelineScheduleArgs,
    ProtectedBranchArgs,
    RegistryCleanupArgs,
)
from ci_runners.recommend import Needs
from ci_runners.registries.mirror import RegistryMirrorArgs
from ci_runners.render.buildkit import BuildkitSpec
from ci_runners.render.certificates import Certificates
from ci_runners.render.ci_variables import PlainVariable, SecretVariable
from ci_runners.render.cleanup import CleanupSpec
from ci_runners.render.config_toml import GitLabRunnerSpec, S3Cache
from ci_runners.render.daemon_json import DaemonJson
from ci_runners.render.dind import DindSpec
from ci_runners.render.drain import RunnerDrainSpec
from ci_runners.render.github_runner import GitHubRunnerSpec
from ci_runners.render.gitlab_ci import GitLabPipelineSpec
from ci_runners.render.gitlab_project import (
    GitLabProjectSpec,
    GitLabSettings,
    JobTokenScope,
    PipelineFile,
    PipelineSchedule,
    ProtectedBranch,
    Registration,
    RegistryCleanup,
)
from ci_runners.render.host import HostSpec
from ci_runners.render.kaniko import KanikoSpec
from ci_runners.render.metrics import StationMetricsSpec
from ci_runners.render.registry_config import RegistryMirrorSpec
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from ci_runners.runners.github import GitHubRunnerArgs
from ci_runners.runners.gitlab import GitLabRunnerArgs, S3CacheArgs
from ci_runners.station_args import GitHubWorkflowArgs, GitLabPipelineArgs, NeedsArgs
from ci_runners.upkeep.cleanup import CacheCleanupArgs
from ci_runners.upkeep.drain import RunnerDrainArgs
from ci_runners.upkeep.metrics import StationMetricsArgs

PAIRS: list[tuple[Any, Any, set[str]]] = [
    (DindDaemonArgs, DindSpec, {"authority_key"}),
    (DaemonJsonArgs, DaemonJson, set()),
    (CertificatesArgs, Certificates, set()),
    (HostDaemonArgs, HostSpec, set()),
    (BuildkitDaemonArgs, BuildkitSpec, {"authority_key"}),
    (KanikoArgs, KanikoSpec, set()),
    (GitLabPipelineArgs, GitLabPipelineSpec, set()),
    (GitHubWorkflowArgs, GitHubWorkflowSpec, set()),
    (NeedsArgs, Needs, set()),
    (GitLabProjectArgs, GitLabProjectSpec, {"connection", "secret_values"}),
    (GitLabRegistrationArgs, Registration, set()),
    (JobTokenScopeArgs, JobTokenScope, set()),
    (PipelineFileArgs, PipelineFile, {"content"}),
    (PipelineScheduleArgs, PipelineSchedule, set()),
    (RegistryCleanupArgs, RegistryCleanup, set()),
    (GitLabSettingsArgs, GitLabSettings, set()),
    (GitLabVariableArgs, PlainVariable, set()),
    (GitLabSecretVariableArgs, SecretVariable, {"value"}),
    (ProtectedBranchArgs, ProtectedBranch, set()),
    (GitHubRunnerArgs, GitHubRunnerSpec, {"url", "connection", "token", "app", "runner_group"}),
    (GitLabRunnerArgs, GitLabRunnerSpec, {"url", "token", "connection"}),
    (S3CacheArgs, S3Cache, set()),
    (RegistryMirrorArgs, RegistryMirrorSpec, {"password"}),
    (CacheCleanupArgs, CleanupSpec, {"connection"}),
    (RunnerDrainArgs, RunnerDrainSpec, {"url", "api_token", "runner_id", "runner_container"}),
    (
        StationMetricsArgs,
        StationMetricsSpec,
        {"connection", "daemon_metrics_volume", "cleanup_state_volume", "certificate_expiry"},
    ),
]
SPEC_OF: dict[str, str] = {args.__name__: spec.__name__ for args, spec, _ in PAIRS}
ITEMS = {GitLabVariableArgs, GitLabSecretVariableArgs, ProtectedBranchArgs}
"""Items of lists, in which a closed set is written as text."""
FORWARD = {"Output": pulumi.Output, "T": object}
"""Names that `pulumi.Input` only promises."""
NAMES = [args.__name__ for args, _, _ in PAIRS]


def shape(hint: Any, *, in_list: bool = False) -> str:  # noqa: ANN401  an annotation
    """A type in words in which an argument's and a spec's are the same."""
    if in_list and isinstance(hint, type) and issubclass(hint, Enum):
        return "str"
    parts = [part for part in get_args(hint) if part not in {NoneType, Ellipsis}]
    if NoneType in get_args(hint):
        return shape(parts[0])
    if is_typeddict(hint):
        return SPEC_OF[hint.__name__]
    if get_origin(hint) in {list, tuple}:
        # In arguments a list of enums is a list of their texts.
        return f"list of {shape(str if issubclass(parts[0], Enum) else parts[0])}"
    return str(hint if parts else hint.__name__)


@pytest.mark.parametrize(("args", "spec", "wiring"), PAIRS, ids=NAMES)
def test_every_argument_is_a_field_of_the_spec_and_of_the_same_type(
    args: Any,  # noqa: ANN401  a TypedDict
    spec: Any,  # noqa: ANN401  a dataclass
    wiring: set[str],
) -> None:
    given = {
        name: shape(hint)
        for name, hint in get_type_hints(args, localns=FORWARD).items()
        if name not in wiring
    }

    hints = get_type_hints(spec).items()
    assert given == {name: shape(hint, in_list=args in ITEMS) for name, hint in hints}


@pytest.mark.parametrize(("args", "spec", "wiring"), PAIRS, ids=NAMES)
def test_what_has_no_default_must_be_given(
    args: Any,  # noqa: ANN401  a TypedDict
    spec: Any,  # noqa: ANN401  a dataclass
    wiring: set[str],
) -> None:
    without = {
        field.name
        for field in dataclasses.fields(spec)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    # The spec's default is a refusal, so that settings without it get a message and not a missing key.
    assert args.__required_keys__ - {"accept_privileged", "accept_host_root"} == without | (
        wiring & args.__required_keys__
    )


@pytest.mark.parametrize("args", [args for args, _, _ in PAIRS], ids=NAMES)
def test_every_argument_has_a_text_under_it(args: type) -> None:
    bodies = [ast.parse(inspect.getsource(each)).body[0].body for each in (args, *bases(args))]  # type: ignore[attr-defined]
    documented = {
        field.target.id
        for body in bodies
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }

    assert documented == set(args.__annotations__)
