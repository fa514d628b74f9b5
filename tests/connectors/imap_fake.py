"""An IMAP server on loopback that answers each command as it is told, however badly."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# `{tag}` is the command's; CUT closes the connection, SILENT never answers.
CUT, SILENT = "cut", "silent"
_GOOD = {
    "": "* OK siap",
    "CAPABILITY": "* CAPABILITY IMAP4rev1\r\n{tag} OK x",
    "LOGIN": "{tag} OK x",
    "EXAMINE": "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 3] x\r\n{tag} OK x",
    "SEARCH": "* SEARCH 1 2\r\n{tag} OK x",
}


@contextmanager
def imap(answers: Mapping[str, str]) -> Iterator[int]:
    """Run a server and give its port; the greeting is the answer to an empty command."""
    table, closing = _GOOD | dict(answers), threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            going = self._say(table[""], "")
            while going and (line := self.rfile.readline()):
                tag, *words = line.decode().split()
                command = words[1] if words[0] == "UID" else words[0]
                going = self._say(table.get(command.upper(), "{tag} OK x"), tag)

        def _say(self, answer: str, tag: str) -> bool:
            if answer == SILENT:
                closing.wait()
            elif answer != CUT:
                self.wfile.write(answer.replace("{tag}", tag).encode() + b"\r\n")
            return answer not in (CUT, SILENT)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            closing.set()
            server.shutdown()
            thread.join()
