"""When no way fits: why that is, and which answers a team could change."""

from dataclasses import dataclass

from ci_runners.recommend.needs import Needs, Platform, Trust, UserNamespaces
from ci_runners.recommend.rule import Reason, Statement, no_user_namespaces

WITHOUT_A_WAY = (
    Statement(
        when=lambda needs: needs.docker_api,
        reason=Reason(
            sentence="Jobs need a Docker Engine to talk to. Only DinD and DooD have one, either gives a job the means to"
            " become root on its host, and these answers forbid that."
        ),
    ),
    Statement(
        when=lambda needs: needs.buildkit_features and no_user_namespaces(needs),
        reason=Reason(
            sentence="Dockerfiles need BuildKit, and there are no user namespaces for a rootless one. DinD and DooD have it"
            " too, but either gives a job the means to become root on its host, and these answers forbid that."
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Move:
    """Another answer to one question, and what a team does to be able to give it."""

    field: str
    answer: Trust | Platform | UserNamespaces | bool
    advice: str

    def changes(self, needs: Needs) -> bool:
        """Whether the answer is another one than was given."""
        return bool(getattr(needs, self.field) != self.answer)


MOVES = (
    Move(
        field="docker_api",
        answer=False,
        advice="Give jobs their databases and the like as `services:` of the job, instead of `docker run` or Compose.",
    ),
    Move(
        field="buildkit_features",
        answer=False,
        advice="Write the Dockerfiles without cache mounts and secret mounts.",
    ),
    Move(
        field="user_namespaces",
        answer=UserNamespaces.AVAILABLE,
        advice="Let ordinary users of the host make user namespaces.",
    ),
    Move(
        field="platform",
        answer=Platform.SEVERAL_HOSTS,
        advice="Give each team a Docker host of its own.",
    ),
    Move(
        field="privileged_allowed",
        answer=True,
        advice="Allow it on a host that does nothing but builds, and holds nothing that its jobs may not see.",
    ),
    Move(
        field="trust",
        answer=Trust.ONE_TEAM,
        advice="Keep the runner to one team's own, reviewed code: protected branches, and no merge requests from forks.",
    ),
)
"""From the change that grants a job nothing to the one that grants most. No one can change an answer to unknown."""
