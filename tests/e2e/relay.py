"""A relay of TCP connections, to give a server another address and to take it away."""

import socket
from contextlib import suppress
from threading import Lock, Thread


class Relay:
    """Another address of a server's, which can be cut off while the server itself goes on for others."""

    def __init__(self, upstream: str, *, at: str = "") -> None:
        """Relay `host:port`, at a free port of the same host or of another address of this machine's."""
        self.connections = 0
        host, _, port = upstream.partition(":")
        self._upstream = (host, int(port))
        self._listener = socket.create_server((at or host, 0))
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._accepting = Thread(target=self._accept)
        self._accepting.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://{self._listener.getsockname()[0]}:{self.port}"

    def cut(self) -> None:
        """Refuse and end every connection from now on."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(self._upstream)
                with self._lock:
                    self._open |= {client, server}
                Thread(target=self._both_ways, args=(client, server), daemon=True).start()

    def _both_ways(self, client: socket.socket, server: socket.socket) -> None:
        back = Thread(target=self._copy, args=(server, client), daemon=True)
        back.start()
        self._copy(client, server)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
