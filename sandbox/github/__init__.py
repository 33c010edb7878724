"""A stateful stand-in for GitHub: enough of its REST API, Actions and git hosting to try the main job.

It is not GitHub and says so on every page. What it can't prove is listed in docs/sandbox-github.md.
"""
