"""Actions secrets. They come sealed, are opened here, and are never told again."""

import base64
import binascii

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.github.models import SealingKey, Secret
from sandbox.github.rest import held
from sandbox.github.wire import Call, api, invalid, nothing, page, reply


def _key(call: Call) -> tuple[str, PrivateKey]:
    """The number and the private half of the key that secrets have to be sealed for here; made when first asked for."""
    owner = held.owner_of(call)
    store = call.github.store
    found = store.first(SealingKey, owner=owner.owner, owner_id=owner.owner_id)
    if found is None:
        text = base64.b64encode(bytes(PrivateKey.generate())).decode()
        found = store.add(SealingKey(owner=owner.owner, owner_id=owner.owner_id, private_key=text))
    return f"{found.id:019d}", PrivateKey(base64.b64decode(found.private_key))


def show_key(call: Call) -> Response:
    """GET .../secrets/public-key."""
    number, key = _key(call)
    return reply({"key_id": number, "key": base64.b64encode(bytes(key.public_key)).decode()})


def list_all(call: Call) -> Response:
    """GET .../secrets."""
    return page(call, held.all_of(call, Secret), lambda each: held.shape(call, each), "secrets")


def show(call: Call) -> Response:
    """GET .../secrets/{name}: never the value."""
    return reply(held.shape(call, held.named(call, Secret)))


def put(call: Call) -> Response:
    """PUT .../secrets/{name}: 201 for a new one, 204 for a changed one."""
    name = held.check_name(call.part("name"), "Secret")
    there = held.find(call, Secret, name)
    value = _opened(call) if "encrypted_value" in call.body or there is None else there.value
    owner, now = held.owner_of(call), clock.stamp()
    secret = there or Secret(
        owner=owner.owner, owner_id=owner.owner_id, name=name, value=value, created_at=now
    )
    secret.value, secret.updated_at = held.check_value(value, "Secret"), now
    held.take_visibility(call, secret)
    if there is None:
        call.github.store.add(secret)
        return reply({}, 201)
    call.github.store.save(secret)
    return nothing()


def _opened(call: Call) -> str:
    """The value out of its box; 422 if it was sealed for another key."""
    number, key = _key(call)
    if call.text("key_id") != number:
        raise invalid("Secret", "key_id", "key_id is not the current public key's")
    try:
        sealed = base64.b64decode(call.text("encrypted_value"), validate=True)
        return SealedBox(key).decrypt(sealed).decode()
    except (binascii.Error, CryptoError, UnicodeDecodeError) as why:
        raise invalid(
            "Secret", "encrypted_value", "encrypted_value was not sealed with the public key"
        ) from why


def remove(call: Call) -> Response:
    """DELETE .../secrets/{name}."""
    return held.remove(call, held.named(call, Secret))


def list_repositories(call: Call) -> Response:
    """GET .../secrets/{name}/repositories."""
    return held.list_repositories(call, held.named(call, Secret))


def set_repositories(call: Call) -> Response:
    """PUT .../secrets/{name}/repositories."""
    return held.set_repositories(call, held.named(call, Secret))


_CALLS = (
    ("GET", "", list_all, "read"),
    ("GET", "/public-key", show_key, "read"),
    ("GET", "/{name}", show, "read"),
    ("PUT", "/{name}", put, "write"),
    ("DELETE", "/{name}", remove, "write"),
)
_SELECTED = "/orgs/{org}/actions/secrets/{name}/repositories"
ROUTES: list[BaseRoute] = [
    *(
        api(method, f"{where}/secrets{tail}", handler, needs=f"{permission}:{level}")
        for method, tail, handler, level in _CALLS
        for where, permission, _ in held.PLACES
    ),
    api("GET", _SELECTED, list_repositories, needs="organization_secrets:read"),
    api("PUT", _SELECTED, set_repositories, needs="organization_secrets:write"),
]
