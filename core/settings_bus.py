"""[log] and [kafka]: what the bus keeps to on this machine, and how it reaches the brokers."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from core.settings_notice import Section


class LogSection(Section):
    """[log]: free disk space below which nothing more is taken in, and below which all stops."""

    free_floor_mb: int = Field(
        default=256,
        ge=0,
        description="Ruang cakram kosong (MB) yang tersisa untuk menyelesaikan antrean: di bawah "
        "ini intake menjawab 503 dan pengambil berhenti mengambil.",
    )
    hard_floor_mb: int = Field(
        default=64,
        ge=0,
        description="Ruang cakram kosong (MB) yang tidak dipakai sama sekali: di bawah ini semua "
        "tahap menunggu. Tidak boleh melebihi free_floor_mb.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> "LogSection":
        if self.hard_floor_mb > self.free_floor_mb:
            raise ValueError("hard_floor_mb tidak boleh melebihi free_floor_mb")
        return self


class KafkaSection(Section):
    """[kafka]: how to reach the brokers when bus = "kafka"."""

    bootstrap: str = Field(
        default="", description="Alamat broker, mis. 10.0.0.5:9092,10.0.0.6:9092."
    )
    prefix: str = Field(default="", description="Awalan nama topik dan grup di klaster bersama.")
    replication: int = Field(
        default=1,
        ge=1,
        le=9,
        description="Salinan tiap topik: satu broker 1, klaster 3.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="Cara menyambung: TLS dan SASL."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="Mekanisme SASL."
    )
    username: str = Field(default="", description="Nama pengguna SASL.")
    password: SecretStr = Field(
        default=SecretStr(""), description="Sandi SASL; hanya dari lingkungan."
    )
    cafile: Path | None = Field(default=None, description="Sertifikat CA broker (PEM).")
    certfile: Path | None = Field(default=None, description="Sertifikat klien (PEM).")
    keyfile: Path | None = Field(default=None, description="Kunci sertifikat klien (PEM).")
    session_seconds: float = Field(
        default=30.0, ge=6, description="Proses yang diam selama ini kehilangan partisinya (s)."
    )
