import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from recon_project import first_start
from recon_project.probe import is_healthy
from recon_project.processes import tied_to
from recon_project.supervisor import Child, Supervisor

SLOW_START_SECONDS = 60
WEB_THREADS = 8
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where to ask for health, not to listen


class Command(BaseCommand):
    help = "Migrate, then keep web, worker and beat alive until stopped: the whole desk in one."
    # The checks read every URL, which imports the engine: seconds before the first sentence.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--no-demo", action="store_true", help="load no demo trades on the first start"
        )

    def handle(self, *, host: str, port: int, no_demo: bool, **options: object) -> None:
        # SIGTERM ends the preparations as Ctrl-C does; the supervisor has handlers of its own.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with self._alone(), self._listening(host, port) as listener:
            self._prepare_database()
            self._make_login()
            if not (no_demo or settings.PRODUCTION):
                self._load_demo()
            self._run(listener, host=host, port=port)

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock: a second desk over the same files would help nobody."""
        place = settings.VAR_DIR / "desk.lock"
        with place.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                raise CommandError(
                    f"A desk already runs over {settings.VAR_DIR} (process {holder}). "
                    "Stop it, or set VAR_DIR to another folder."
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    @contextmanager
    def _listening(self, host: str, port: int) -> Iterator[socket.socket]:
        """Take the port before anything else is done; the web process inherits the socket."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, port))
                listener.listen(512)
            except (OSError, OverflowError) as problem:
                raise CommandError(
                    f"Cannot listen on {host}:{port} ({problem}). "
                    "Stop what uses the port, or name another one with --port."
                ) from problem
            yield listener

    def _prepare_database(self) -> None:
        name = connection.settings_dict["NAME"]
        try:
            pending = first_start.pending_migrations()
            if not pending:
                self._say(f"Database {name} is up to date.")
                return
            self._say(f"Preparing database {name}: {pending} migrations ...")
            seconds = first_start.migrate()
        except OperationalError as problem:
            raise CommandError(
                f"The database {name} does not answer: {str(problem).strip()}. "
                "Check DATABASE_URL or POSTGRES_HOST."
            ) from problem
        self._say(f"Database ready after {seconds:.0f} s.")

    def _make_login(self) -> None:
        if settings.PRODUCTION:
            self._say("Production: make the first login with `manage.py createsuperuser`.")
            return
        if login := first_start.make_first_login():
            self._say("")
            self._say("  The first login, shown only now:")
            self._say(f"    user      {login.username}")
            self._say(f"    password  {login.password}")
            self._say("  Lost it? `manage.py changepassword admin` sets another.")
            self._say("")

    def _load_demo(self) -> None:
        """Load the demo in a process of its own, which gives its memory back when done."""
        if first_start.has_trades():
            return
        self._say("Loading the demo: a week of an OMS and a custodian, reconciled ...")
        done = subprocess.run(  # noqa: S603  our own command, no shell
            [sys.executable, settings.BASE_DIR / "manage.py", "seed_demo"],
            check=False,
            preexec_fn=tied_to(os.getpid()),
        )
        if done.returncode:
            self._say("The demo did not load (see above); the desk starts without it.")

    def _run(self, listener: socket.socket, *, host: str, port: int) -> None:
        connection.close()
        desk = Supervisor(_children(listener.fileno()), say=self._say)
        watch = _Watch(host, port)
        self._say("Starting web, worker and beat ...")

        def announce() -> None:
            if sentence := watch.news():
                self._say(sentence)

        desk.run(on_tick=announce)
        self._say("Stopped: web, worker and beat have ended.")


def _children(listening_fd: int) -> list[Child]:
    celery = [sys.executable, "-m", "celery", "--quiet", "--workdir", str(settings.BASE_DIR)]
    celery += ["-A", "recon_project"]
    level = settings.LOG_LEVEL if settings.LOG_LEVEL != "INFO" else "WARNING"
    return [
        Child(
            "web",
            [
                *(sys.executable, "-m", "gunicorn", "recon_project.wsgi:application"),
                *("--chdir", str(settings.BASE_DIR), "--bind", f"fd://{listening_fd}"),
                *("--workers", "1", "--threads", str(WEB_THREADS), "--timeout", "120"),
                *("--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"),
            ],
            orphaned=signal.SIGTERM,
            pass_fds=[listening_fd],
        ),
        Child(
            "worker",
            [
                *(*celery, "worker", "--pool", settings.CELERY_WORKER_POOL, "--loglevel", level),
                *("--hostname", "desk@%h", "--without-gossip", "--without-mingle"),
            ],
        ),
        Child("beat", [*celery, "beat", "--loglevel", level, "--pidfile", ""]),
    ]


class _Watch:
    """Asks for health until it answers once."""

    def __init__(self, host: str, port: int) -> None:
        self.address = LOOPBACK.get(host, host), port
        shown = "localhost" if host in LOOPBACK else host
        self.url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
        self.started = self.asked = time.monotonic()
        self.answered = self.warned = False

    def news(self) -> str:
        """Return a sentence when there is something to say: it answers, or is slow to."""
        now = time.monotonic()
        if self.answered or now - self.asked < 1:
            return ""
        self.asked = now
        self.answered = is_healthy(*self.address, allowed_hosts=settings.ALLOWED_HOSTS)
        if self.answered:
            return f"The desk is ready at {self.url} (stop it with Ctrl-C)."
        if not self.warned and now - self.started > SLOW_START_SECONDS:
            self.warned = True
            return f"{self.url} does not answer after {SLOW_START_SECONDS} s; see the lines above."
        return ""
