"""A stateful stand-in for GitLab: enough of its API, runner protocol and git hosting to try the main job.

It is not GitLab and says so on every page. What it can't prove is listed in docs/sandbox.md.
"""
