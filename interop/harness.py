"""What the interoperability cases stand on: programs, a far side, frames, counted cases.

Everything is on loopback, every wait has a bound, and a program is stopped by its own
process object. Nothing here knows a case.
"""

import contextlib
import http.server
import os
import pathlib
import queue
import signal
import socket
import subprocess
import threading
import time
import traceback

START, END = b"\x0b", b"\x1c\r"

#: Seconds any single answer, connection or exit may take.
WAIT = 20.0

#: Stands in every patient field the cases send; no program may ever print it.
MARK = "QXMARKED"


class Failed(Exception):
    """One case did not hold; the text says what was seen."""


def expect(seen, wanted, what):
    """Fails unless `seen == wanted`; long byte strings are told by length and first difference."""
    if seen == wanted:
        return
    if isinstance(seen, bytes) and isinstance(wanted, bytes) and max(len(seen), len(wanted)) > 300:
        at = next((i for i, (a, b) in enumerate(zip(seen, wanted)) if a != b), min(len(seen), len(wanted)))
        raise Failed(
            "%s: %d bytes where %d were wanted, first difference at %d: %r against %r"
            % (what, len(seen), len(wanted), at, seen[at : at + 40], wanted[at : at + 40])
        )
    raise Failed("%s: %r where %r was wanted" % (what, seen, wanted))


def require(condition, what):
    """Fails with `what` unless `condition` holds."""
    if not condition:
        raise Failed(what)


class Cases:
    """Runs cases in order, one line each, and counts them."""

    def __init__(self):
        self.passed = self.failed = 0

    def run(self, name, case, *arguments):
        began = time.monotonic()
        try:
            case(*arguments)
        except Failed as failure:
            self._fail(name, str(failure))
        except Exception as error:  # a case that breaks is a case that failed
            self._fail(name, "%s: %s" % (type(error).__name__, error))
            traceback.print_exc()
        else:
            self.passed += 1
            print("ok    %-64s %6.2f s" % (name, time.monotonic() - began), flush=True)

    def _fail(self, name, why):
        self.failed += 1
        print("FAIL  %s\n      %s" % (name, why), flush=True)


# Programs ------------------------------------------------------------------------------------


class Program:
    """A running example; its output is collected, and it is ended on leaving the block."""

    #: Everything any program has printed so far, for the check on patient data.
    printed = []

    def __init__(self, path, *arguments):
        self.name = os.path.basename(str(path))
        # The examples log at their default level, whatever the caller's shell asks of tracing.
        environment = {key: value for key, value in os.environ.items() if key != "RUST_LOG"}
        self.process = subprocess.Popen(
            [str(path), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self._collected = {"stdout": [], "stderr": []}
        self._readers = [
            threading.Thread(target=self._collect, args=(key, stream), daemon=True)
            for key, stream in (("stdout", self.process.stdout), ("stderr", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _collect(self, key, stream):
        for line in stream:
            self._collected[key].append(line)
            Program.printed.append((self.name, key, line))

    @property
    def stdout(self):
        return b"".join(self._collected["stdout"]).decode("utf-8", "replace")

    @property
    def stderr(self):
        return b"".join(self._collected["stderr"]).decode("utf-8", "replace")

    def until_listening(self, port):
        """Tries to connect until it works; fails if the program ends first or takes too long."""
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self._join()
                raise Failed("%s ended with %s: %s" % (self.name, self.process.returncode, self.stderr))
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return self
            time.sleep(0.02)
        raise Failed("%s did not listen on port %d within %g s" % (self.name, port, WAIT))

    def until_printed(self, text, limit=WAIT):
        """Waits until standard error holds `text`."""
        deadline = time.monotonic() + limit
        while text not in self.stderr:
            if time.monotonic() > deadline:
                raise Failed("%s printed no %r within %g s: %s" % (self.name, text, limit, self.stderr))
            time.sleep(0.02)

    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def exit_status(self, limit=WAIT):
        """Waits for the end and returns the status; output is complete afterwards."""
        try:
            status = self.process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            raise Failed("%s did not end within %g s" % (self.name, limit)) from None
        self._join()
        return status

    def _join(self):
        for reader in self._readers:
            reader.join(timeout=5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=5)
        self._join()


class Examples:
    """Starts the built examples."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def gateway(self, port, to, scheme=""):
        """MLLP in, or HTTP with the scheme `http://`; `to` is a URL for HTTP, host:port for MLLP."""
        return Program(self.folder / "gateway", "--listen", "%s127.0.0.1:%d" % (scheme, port), "--to", to)

    def listen(self, port, *arguments):
        return Program(self.folder / "listen", "--listen", "127.0.0.1:%d" % port, *arguments)

    def send(self, *arguments):
        """Runs `send` to its end; gives (status, standard output, standard error)."""
        with Program(self.folder / "send", *arguments) as program:
            return program.exit_status(), program.stdout, program.stderr


def free_port():
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# MLLP by hand --------------------------------------------------------------------------------


def frame(content, start=START, end=END):
    return start + content + end


class Wire:
    """A raw TCP connection to an MLLP server, which may begin and end frames with other bytes."""

    def __init__(self, port, start=START, end=END):
        self._start, self._end = start, end
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def shut_down(self):
        """Says that nothing more will be sent; answers are still read."""
        self.socket.shutdown(socket.SHUT_WR)

    def read_frame(self, limit=WAIT):
        """The content of the next frame; fails at the end of the stream or of the time."""
        deadline = time.monotonic() + limit
        while self._end not in self._buffer:
            if not self._fill(deadline):
                raise Failed("connection closed, %d bytes read and no whole frame" % len(self._buffer))
        content, self._buffer = self._buffer.split(self._end, 1)
        require(content.startswith(self._start), "answer frame begins with %r" % content[:4])
        return content[1:]

    def read_to_end(self, limit=WAIT):
        """All that comes until the other side closes; fails if it does not in time."""
        deadline = time.monotonic() + limit
        with contextlib.suppress(ConnectionError):
            while self._fill(deadline):
                pass
        taken, self._buffer = self._buffer, b""
        return taken

    def _fill(self, deadline):
        self.socket.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            data = self.socket.recv(65536)
        except socket.timeout:
            raise Failed("nothing more came in time, %d bytes read" % len(self._buffer)) from None
        self._buffer += data
        return bool(data)

    def exchange(self, content, limit=WAIT):
        self.send(frame(content, self._start, self._end))
        return self.read_frame(limit)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# The far side --------------------------------------------------------------------------------


class Request:
    """What the far side received in one POST."""

    def __init__(self, headers, body):
        self.headers, self.body = headers, body

    @property
    def charset(self):
        """The declared charset in lower case, `None` when none is declared."""
        declared = self.headers.get_content_charset()
        return declared.lower() if declared else None


class FarSide:
    """An HTTP receiver that records each body and answers with what `answer(request)` returns.

    `answer` gives `(status, content type or None, body)`. It runs on a thread per connection.
    """

    def __init__(self, answer, reserved=None):
        self.requests = queue.Queue()
        self.answer = answer
        far_side = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 120
            disable_nagle_algorithm = True

            def do_POST(self):
                request = Request(self.headers, self._body())
                far_side.requests.put(request)
                status, content_type, body = far_side.answer(request)
                with contextlib.suppress(ConnectionError):
                    self.send_response(status)
                    if content_type:
                        self.send_header("Content-Type", content_type)
                    if status != 204:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def _body(self):
                if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                pieces = []
                while True:
                    size = int(self.rfile.readline().split(b";")[0], 16)
                    pieces.append(self.rfile.read(size))
                    self.rfile.readline()
                    if size == 0:
                        return b"".join(pieces)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler, bind_and_activate=False)
        if reserved is None:
            self._server.server_bind()
        else:
            self._server.socket.close()
            self._server.socket = reserved
            self._server.server_address = reserved.getsockname()
        self._server.server_activate()
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d/" % self.port

    def next(self, limit=WAIT):
        """The next request received."""
        try:
            return self.requests.get(timeout=limit)
        except queue.Empty:
            raise Failed("the far side received nothing within %g s" % limit) from None

    def forget(self):
        """Drops what was received and not asked for, so that one failed case spoils no other."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.requests.get_nowait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def reserve_port():
    """A bound socket that does not listen: connections to its port are refused until it does."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved


def bound_whole_run(seconds):
    """Raises in the main thread when the whole run takes longer than `seconds`."""

    def out_of_time(*_):
        raise TimeoutError("the whole run took more than %d s" % seconds)

    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(seconds)
