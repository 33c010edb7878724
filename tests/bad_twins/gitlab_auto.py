"""The bad twin of examples/gitlab-auto: nobody asked, so it is what was used before: privileged, for anybody's jobs."""

import pulumi_gitlab as gitlab

from ci_runners import DindDaemon

DindDaemon("ci-dind", {"accept_privileged": True})
gitlab.UserRunner(
    "runner", runner_type="project_type", project_id=1, access_level="not_protected", tag_lists=["dind"]
)
