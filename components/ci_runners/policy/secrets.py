"""Secrets in plain text. A problem says where, and which kind; never what."""

import dataclasses
from collections.abc import Iterator

from ci_runners.plain_text import secret_named, token_in
from ci_runners.policy.exposure import TEXTS
from ci_runners.policy.resource import CONTAINER, Resource
from ci_runners.problems import Problem
from ci_runners.validate import Rules


def plain_secret(resource: Resource) -> Iterator[Problem]:
    """Secrets where `docker inspect`, a forge's page or the stack's state shows them."""
    if resource.type == CONTAINER:
        yield from _container(resource)
    elif resource.type in TEXTS:
        yield from _text(resource)


def _container(resource: Resource) -> Iterator[Problem]:
    for field, text in resource.texts("envs"):
        name, _, value = text.partition("=")
        if kind := secret_named(name, value):
            yield _problem(resource, f"{field} ({name})", kind)
    for field, word in resource.words():
        if kind := token_in(word):
            yield _problem(resource, field, kind)
    for at, label in resource.objects("labels"):
        if kind := secret_named(label.text("label"), label.text("value")):
            yield _problem(resource, f"{at}.value", kind)
    # The policy SDK does not say which inputs are secrets; it says which outputs the program keeps so.
    if "uploads" not in resource.secret_outputs:
        for at, upload in resource.objects("uploads"):
            if kind := token_in(upload.text("content")):
                yield _problem(resource, f"{at}.content", kind)


def _text(resource: Resource) -> Iterator[Problem]:
    field = TEXTS[resource.type]
    kind = (
        secret_named(resource.text("key"), resource.text(field))
        if field == "value"
        else token_in(resource.text(field))
    )
    if kind and not resource.flag("masked"):
        yield _problem(resource, field, kind)


def _problem(resource: Resource, field: str, kind: str) -> Problem:
    rules = Rules(component=resource.component)
    expected = f"no plain text: this is {kind}"
    fix = "keep it in a file, from a Pulumi secret; at a forge, in a masked variable or a secret"
    return dataclasses.replace(rules.problem(field, "", expected, fix), secret=True)
