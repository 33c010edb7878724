"""The process around a Pulumi plugin: serve gRPC on loopback, tell the engine the port, end with the engine.

The engine starts a plugin with its own address as the last word, and reads the plugin's port from the first line of
its standard output (pulumi/pulumi, sdk/proto/pulumi/provider.proto and language.proto).
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import grpc

WORKERS = 64
"""Calls served at once. A running program and each running component plugin hold one for as long as they run."""

MESSAGE_BYTES = 400 << 20
"""Largest message taken or sent; what Pulumi's own plugins allow."""

LOOK_AT_PARENT_S = 1.0
GRACE_S = 5.0


def start_server(register: Callable[[grpc.Server], object]) -> tuple[grpc.Server, int]:
    """Start a server with what `register` adds to it, on a free port of 127.0.0.1. Returns both."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=WORKERS),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES),
        ],
    )
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(register: Callable[[grpc.Server], object], *, at_end: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGINT, SIGTERM or the end of the process that started this one; then call `at_end`.

    The engine may be killed and then stops nobody, hence the look at the parent.
    """
    parent = os.getppid()
    stop = threading.Event()

    def told_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, told_to_stop)
    signal.signal(signal.SIGTERM, told_to_stop)
    server, port = start_server(register)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while not stop.wait(LOOK_AT_PARENT_S) and os.getppid() == parent:
        pass
    at_end()
    server.stop(GRACE_S).wait()
