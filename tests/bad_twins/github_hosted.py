"""The bad twin of examples/github-hosted: a token that may push, in the workflow itself."""

import pulumi_github as github

WORKFLOW = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    env: {TOKEN: github_pat_0123456789abcdefghij}
    steps: [{run: "docker login ghcr.io --username mona --password $TOKEN && docker build ."}]
"""
github.RepositoryFile(
    "workflow", repository="app", file=".github/workflows/build.yml", content=WORKFLOW, branch="main"
)
