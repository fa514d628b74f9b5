"""How to reach a Kafka cluster, and the limits that the engine keeps to."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.errors import ConfigError

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

CLIENT = "kanal"


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Built by the caller from the settings; `prefix` sets Kanal's topics and groups apart.

    `replication` holds for topics that Kanal creates: 1 on a single broker, 3 on a cluster.
    """

    bootstrap: str
    prefix: str = ""
    replication: int = 1
    security_protocol: Protocol = "PLAINTEXT"
    sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    cafile: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    # A record whose handling blocks the loop for longer than this loses its partitions.
    session_seconds: float = 30.0
    rebalance_seconds: float = 60.0
    # How long a publish tries before it says that it cannot store.
    send_seconds: float = 30.0
    # Records wait and none arrives for so long: the process ends and is started anew.
    stall_seconds: float = 120.0

    def topic(self, name: str) -> str:
        """Name one of our topics as the cluster knows it."""
        return self.prefix + name

    def group(self, name: str) -> str:
        """Name one of our groups as the cluster knows it."""
        return self.prefix + name

    def connection(self, member: str = "") -> dict[str, Any]:
        """Return what every client is told. Raises ConfigError for a certificate it cannot read."""
        told: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "client_id": f"{CLIENT}-{member}" if member else CLIENT,
            "security_protocol": self.security_protocol,
            "request_timeout_ms": int(max(self.send_seconds, 1.0) * 1000),
            "metadata_max_age_ms": 60_000,
        }
        if self.security_protocol in ("SSL", "SASL_SSL"):
            told["ssl_context"] = self._tls()
        if self.security_protocol.startswith("SASL"):
            told |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return told

    def _tls(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.cafile)
            if self.certfile is not None:
                context.load_cert_chain(self.certfile, self.keyfile)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"[kafka] sertifikat tidak dapat dibaca ({type(error).__name__}): periksa "
                "cafile, certfile, dan keyfile."
            ) from error
        return context
