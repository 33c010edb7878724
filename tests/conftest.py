"""Settings of tools that every test shares."""

from hypothesis import settings

pytest_plugins = ["tests.cases.collector"]

# No deadline: how long an example takes says nothing on a busy machine.
settings.register_profile("default", max_examples=25, deadline=None)
settings.load_profile("default")
