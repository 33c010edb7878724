"""Values that GitLab masks, and values that it refuses to, with the rule that each breaks."""

from dataclasses import dataclass

from ci_runners.render.ci_variables import Rule


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A value for a masked variable, whether `$NAME` in it is left as it is, and the rules that it breaks."""

    value: str
    rules: tuple[Rule, ...]
    raw: bool = True


_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
BAD = (
    Bad(value="", rules=(Rule.LENGTH,)),
    Bad(value="a", rules=(Rule.LENGTH,)),
    Bad(value="hunter2", rules=(Rule.LENGTH,)),
    Bad(value="a b", rules=(Rule.NO_SPACES, Rule.LENGTH)),
    Bad(value="correct horse", rules=(Rule.NO_SPACES,)),
    Bad(value=" leading1", rules=(Rule.NO_SPACES,)),
    Bad(value="trailing1 ", rules=(Rule.NO_SPACES,)),
    Bad(value="tab\tinside", rules=(Rule.NO_SPACES,)),
    Bad(value="no\u00a0break1", rules=(Rule.NO_SPACES,)),
    Bad(value="Bearer abcdefgh", rules=(Rule.NO_SPACES,)),
    Bad(value="line-one\nline-two", rules=(Rule.SINGLE_LINE,)),
    Bad(value="ends-with-a-line\n", rules=(Rule.SINGLE_LINE,)),
    Bad(value="windows\r\nline", rules=(Rule.SINGLE_LINE,)),
    Bad(value="form\ffeeds1", rules=(Rule.SINGLE_LINE,)),
    Bad(value="x\ny", rules=(Rule.SINGLE_LINE, Rule.LENGTH)),
    Bad(value=_KEY, rules=(Rule.SINGLE_LINE, Rule.NO_SPACES)),
    Bad(value='{"auths": {}}', rules=(Rule.NO_SPACES,)),
    Bad(value="CI_JOB_TOKEN", rules=(Rule.NOT_A_NAME,)),
    Bad(value="GITLAB_USER_LOGIN", rules=(Rule.NOT_A_NAME,)),
    Bad(value="REGISTRY_USER", rules=(Rule.NOT_A_NAME,)),
    Bad(value="SECRET_ITSELF", rules=(Rule.NOT_A_NAME,)),
    Bad(value="x" * 10_001, rules=(Rule.LONG_VALUE,)),
    Bad(value="pa$$word1", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="$OTHER_SECRET", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="${OTHER}abc", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="exclaim!1", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="hash#1234", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="percent%20", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="star*star", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="semi;colon", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value='quoted"quote', raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="back\\slash", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="[brackets]", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="schlüssel1", raw=False, rules=(Rule.ALPHABET,)),
    Bad(value="a$", raw=False, rules=(Rule.LENGTH, Rule.ALPHABET)),
    Bad(value="a $b", raw=False, rules=(Rule.NO_SPACES, Rule.LENGTH, Rule.ALPHABET)),
)
"""Beside a variable REGISTRY_USER, for a variable SECRET_ITSELF."""

GOOD = (
    ("exactly8", True),
    ("pa$$word1", True),
    ("${OTHER}abc", True),
    ("exclaim!#%*;\"'\\[]{}|<>^`?&(),", True),
    ("schlüssel1", True),
    ("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", True),
    ("x" * 10_000, True),
    ("exactly8", False),
    ("aZ09_+=/@:.~-", False),
    ("dGVzdCBvZiBiYXNlNjQ=", False),
    ("https://user:token@registry.example.com", False),
    ("not-CI_JOB_TOKEN", True),
    ("ci_job_token", True),
)
"""Values that GitLab masks, and whether `$NAME` in them is left as it is."""
