"""Databases for the cases of `store.py`: SQLite, and servers started in a folder of their own.

Servers listen on loopback alone and are ended by their own process objects. Where this runs as
root they run as `nobody`, because they refuse to run as root.
"""

import contextlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

from harness import WAIT, Failed, free_port, require

PASSWORD = "p@ss/word:1"


class Sqlite:
    """A file; an outage is somebody else who writes and does not come to an end."""

    name, password = "SQLite", None

    def __init__(self, folder):
        self.file = folder / "events.db"
        self.url = "sqlite:%s" % self.file

    @staticmethod
    def missing():
        return None

    def rows(self, sql):
        connection = sqlite3.connect(self.file, timeout=WAIT)
        try:
            return [tuple("" if value is None else str(value) for value in row) for row in connection.execute(sql)]
        finally:
            connection.close()

    @staticmethod
    def hex(column):
        return "lower(hex(%s))" % column

    @contextlib.contextmanager
    def outage(self):
        connection = sqlite3.connect(self.file, timeout=WAIT, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Server:
    """A server with its data below `folder`, a user `events` with a password, a database `hl7`."""

    password = PASSWORD

    def __init__(self, folder):
        self.folder = folder / self.name.lower()
        self.folder.mkdir(mode=0o755)
        self.port = free_port()
        self.process = None
        self.user = {}
        if os.geteuid() == 0:
            self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(self.folder, "nobody", "nogroup")

    def run(self, *arguments):
        ran = subprocess.run(
            [str(argument) for argument in arguments], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120, **self.user,
        )
        require(ran.returncode == 0, "%s: %s" % (arguments[0], ran.stderr.strip()[-500:]))
        return ran.stdout

    def rows(self, sql):
        return [tuple(line.split("\t")) for line in self.client(sql).splitlines()]

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command()], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **self.user,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.client("SELECT 1")
            except Failed as failure:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    log = (self.folder / "log").read_text(errors="replace")
                    raise Failed("%s does not start: %s %s" % (self.name, failure, log[-1000:])) from None
            time.sleep(0.1)

    def stop(self):
        """At once, as a power cut would."""
        self.process.kill()
        self.process.wait(timeout=WAIT)

    @contextlib.contextmanager
    def outage(self):
        self.stop()
        try:
            yield
        finally:
            self.start()

    def __enter__(self):
        self.create()
        self.start()
        self.prepare()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=WAIT)
            except subprocess.TimeoutExpired:
                self.stop()


class Mariadb(Server):
    name = "MariaDB"

    @staticmethod
    def missing():
        needed = ("mariadbd", "mariadb-install-db", "mariadb")
        return None if all(found(name) for name in needed) else "mariadb-server"

    @property
    def url(self):
        return "mariadb://events@127.0.0.1:%d/hl7" % self.port

    def create(self):
        self.run(found("mariadb-install-db"), "--no-defaults", "--datadir=%s/data" % self.folder, "--skip-test-db",
                 "--auth-root-authentication-method=normal")

    def command(self):
        return (found("mariadbd"), "--no-defaults", "--datadir=%s/data" % self.folder, "--port=%d" % self.port,
                "--bind-address=127.0.0.1", "--socket=%s/socket" % self.folder, "--pid-file=%s/pid" % self.folder)

    def client(self, sql, database="hl7"):
        return self.run(found("mariadb"), "--no-defaults", "--socket=%s/socket" % self.folder, "--user=root", "--batch",
                        "--skip-column-names", "-e", "SELECT 1" if sql == "SELECT 1" else "USE %s; %s" % (database, sql))

    def prepare(self):
        self.run(found("mariadb"), "--no-defaults", "--socket=%s/socket" % self.folder, "--user=root", "-e",
                 "CREATE DATABASE hl7; CREATE USER events@'127.0.0.1' IDENTIFIED BY '%s'; "
                 "GRANT ALL ON hl7.* TO events@'127.0.0.1'" % PASSWORD)

    def rows(self, sql):
        return [tuple("" if value == "NULL" else value for value in row) for row in super().rows(sql)]

    @staticmethod
    def hex(column):
        return "lower(hex(%s))" % column


class Postgres(Server):
    name = "PostgreSQL"

    @staticmethod
    def missing():
        return None if all(found(name) for name in ("initdb", "postgres", "psql")) else "postgresql"

    @property
    def url(self):
        return "postgres://events@127.0.0.1:%d/hl7" % self.port

    def create(self):
        self.run(found("initdb"), "--pgdata=%s/data" % self.folder, "--username=admin", "--auth-local=trust",
                 "--auth-host=scram-sha-256", "--encoding=UTF8", "--no-locale")

    def command(self):
        return (found("postgres"), "-D", "%s/data" % self.folder, "-p", self.port, "-k", self.folder,
                "-c", "listen_addresses=127.0.0.1")

    def client(self, sql):
        database = "postgres" if sql == "SELECT 1" or sql.startswith("CREATE") else "hl7"
        return self.run(found("psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.folder,
                        "-p", self.port, "-U", "admin", "-d", database, "-c", sql)

    def prepare(self):
        self.client("CREATE USER events PASSWORD '%s'" % PASSWORD)
        self.client("CREATE DATABASE hl7 OWNER events")

    @staticmethod
    def hex(column):
        return "encode(%s, 'hex')" % column


def found(name):
    """Where a program is; Debian keeps PostgreSQL's out of the path."""
    inside = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/%s" % name))
    if inside:
        return str(inside[-1])
    return shutil.which(name) or next((path for path in ("/usr/sbin/" + name,) if os.access(path, os.X_OK)), None)


DATABASES = {"sqlite": Sqlite, "mariadb": Mariadb, "postgres": Postgres}
