"""A real Apache Kafka broker (KRaft, one node, loopback) for tests, from jars Maven fetches."""

import argparse
import base64
import ctypes
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
POM = HERE / "pom.xml"
APT = "apt-get install openjdk-17-jre-headless maven"
_START_SECONDS = 90.0
_PR_SET_PDEATHSIG = 1

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{more_listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{more_listeners}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=3
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=2000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=2
num.recovery.threads.per.data.dir=2
background.threads=2
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=65536
file.delete.delay.ms=1000
{more}
"""

_JVM = [
    "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
    "-XX:ActiveProcessorCount=2", "-XX:MaxMetaspaceSize=192m", "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
]  # fmt: skip


class Unavailable(Exception):
    """Java or Maven is missing here, or the jars cannot be had; the message is one line."""


def version() -> str:
    """Return the Kafka release that the POM names."""
    found = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>(.+?)<", POM.read_text())
    assert found is not None
    return found[1]


def fetch() -> Path:
    """Return the folder of jars, brought by Maven the first time. Raises Unavailable."""
    libs = ROOT / ".kafka" / f"libs-{version()}"
    if shutil.which("java") is None:
        raise Unavailable(f"no Java for Apache Kafka: {APT}")
    if libs.is_dir():
        return libs
    if shutil.which("mvn") is None:
        raise Unavailable(f"no Maven to fetch Apache Kafka: {APT}")
    half = libs.with_name(f"{libs.name}.{os.getpid()}")
    command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies",
               "-DincludeScope=runtime", f"-DoutputDirectory={half}"]  # fmt: skip
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode or not list(half.glob("kafka_2.13-*.jar")):
        shutil.rmtree(half, ignore_errors=True)
        raise Unavailable("Maven could not fetch Apache Kafka: " + _first_error(done.stdout))
    if libs.is_dir():
        shutil.rmtree(half)
    else:
        half.rename(libs)
    return libs


def _first_error(output: str) -> str:
    lines = [line.split("[ERROR]")[-1].strip() for line in output.splitlines() if "ERROR" in line]
    return " ".join(line for line in lines if line)[:300] or "no reason given"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """One broker over one folder; it may be killed and started again on the same data."""

    def __init__(self, folder: Path, *, secure: bool = False) -> None:
        self._libs = fetch()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port, controller, self.secure_port = free_port(), free_port(), free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._config = folder / "server.properties"
        self._config.write_text(
            _PROPERTIES.format(
                port=self.port,
                controller=controller,
                folder=folder,
                more=_SECURE.format(folder=folder, password=PASSWORD) if secure else "",
                more_listeners=f",SECURE://127.0.0.1:{self.secure_port}" if secure else "",
            )
        )
        if secure:
            self._make_certificate()
        self._format(["--add-scram", _SCRAM_USER] if secure else [])

    @property
    def bootstrap(self) -> str:
        """The address that clients are given."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the broker printed so far."""
        return (self._folder / "broker.log").read_text(errors="replace")

    def _java(self, *arguments: str) -> list[str]:
        logs = f"-Dkafka.logs.dir={self._folder}/logs"
        return ["java", *_JVM, logs, "-cp", f"{self._libs}/*", *arguments]

    def _format(self, more: list[str]) -> None:
        # An id that begins with a hyphen would be read as an option.
        cluster = "K" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        command = self._java(
            "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster,
            "-c", str(self._config), *more,
        )  # fmt: skip
        _run(command)

    @property
    def certificate(self) -> Path:
        """The certificate of the secure listener, for clients to trust."""
        return self._folder / "broker.pem"

    def _make_certificate(self) -> None:
        store = ["-keystore", str(self._folder / "broker.p12"), "-storetype", "PKCS12",
                 "-storepass", PASSWORD, "-alias", "broker"]  # fmt: skip
        _run(["keytool", "-genkeypair", *store, "-keyalg", "EC", "-dname", "CN=127.0.0.1",
              "-ext", "SAN=ip:127.0.0.1", "-ext", "bc:c=ca:true", "-validity", "30"])  # fmt: skip
        _run(["keytool", "-exportcert", *store, "-rfc", "-file", str(self.certificate)])

    def start(self) -> "Broker":
        """Start the broker and wait until it answers."""
        assert self._process is None
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._java("kafka.Kafka", str(self._config)),
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - it calls one system call
            )
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("the broker did not start: " + self.log[-2000:])
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Shut the broker down in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill -9."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: sockets stay open, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused broker go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None


USER, PASSWORD = "kanal", "rahasia-uji"
_SCRAM_USER = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
_SECURE = """\
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PKCS12
ssl.keystore.location={folder}/broker.p12
ssl.keystore.password={password}
ssl.key.password={password}
"""


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _answers(port: int) -> bool:
    """Ask for the broker's API versions (key 18, version 0): the first thing every client asks."""
    request = struct.pack(">hhih", 18, 0, 7, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = connection.recv(10)
    except OSError:
        return False
    return len(reply) == 10 and struct.unpack(">iih", reply)[1:] == (7, 0)


def main() -> int:
    """Fetch the jars, or run a broker in the foreground over a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fetch", action="store_true", help="bring the jars and stop")
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="run a broker over a new folder")
    chosen = parser.parse_args()
    try:
        libs = fetch()
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Apache Kafka {version()}: {libs.relative_to(ROOT)}")
    if chosen.run:
        broker = Broker(chosen.run.resolve()).start()
        print(f"listening on {broker.bootstrap} (Ctrl-C stops it)", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
