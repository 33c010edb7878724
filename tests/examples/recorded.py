"""Examples without an engine: what the recorder of resources says of each."""

import runpy

import pulumi

from tests.examples.catalog import Program
from tests.examples.tree import Step, tree
from tests.graph.github_repositories import GET_REPOSITORY, GET_REST_API, GitHub
from tests.graph.gitlab_projects import CONNECTION, graph_of_gitlab
from tests.graph.recorder import Registered


def registered(program: Program, stack: str, *, preview: bool = True) -> list[Registered]:
    """What a program registers, configured as it is shipped."""

    def run() -> None:
        runpy.run_path(str(program.folder / "__main__.py"), run_name="__main__")

    graph, github = graph_of_gitlab(), GitHub()
    graph.functions = {
        **graph.functions,
        GET_REPOSITORY: github.repository,
        GET_REST_API: github.rest_api,
    }
    graph.project, graph.stack = program.project["name"], stack
    graph.other_stacks = {"organization/stack-reference-daemon/dev": {"connection": CONNECTION}}
    pulumi.runtime.set_all_config(program.configuration(stack), program.secrets())
    try:
        return graph.run(run, preview=preview)
    finally:
        pulumi.runtime.set_all_config({}, [])


def expected_preview(program: Program) -> str:
    """The text of its preview.txt."""
    return "\n".join(tree(stack, _steps(registered(program, stack))) for stack in program.stacks)


def _steps(found: list[Registered]) -> list[Step]:
    components = {each.name for each in found if each.type.startswith("ci-runners:")}
    return [
        Step(type=each.type, name=each.name, parent=each.parent if each.parent in components else "")
        for each in found
    ]
