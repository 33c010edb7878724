"""Which branches and tags are protected."""

from fnmatch import fnmatchcase

from sandbox.models import Project, ProtectedRef
from sandbox.store import Store


def is_protected(store: Store, project: Project, name: str, *, tag: bool) -> bool:
    """Whether a branch or tag is protected, by name or by a pattern with `*`."""
    kind = "tag" if tag else "branch"
    rules = store.find(ProtectedRef, project_id=project.id, kind=kind)
    # Only `*` is special in GitLab, so what fnmatch would also read is taken literally.
    return any(fnmatchcase(name, rule.name.replace("[", "[[]").replace("?", "[?]")) for rule in rules)


def protect_default_branch(store: Store, project: Project) -> None:
    """Protects the default branch, as GitLab does when the first branch arrives."""
    name = project.default_branch
    if store.first(ProtectedRef, project_id=project.id, kind="branch", name=name) is None:
        store.add(ProtectedRef(project_id=project.id, kind="branch", name=name))
