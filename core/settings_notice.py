"""The privacy notice of an office's forms, and what every section of the settings has in common."""

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A section of the settings: frozen, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Notice(Section):
    """[privasi]: the three lines that whoever gives their data reads on every form (UU 27/2022)."""

    pengendali: str = Field(
        default="", max_length=200, description="Pengendali data pribadi; kosong = nama kantor."
    )
    tujuan: str = Field(
        default="menindaklanjuti aduan Anda; laporan yang diterbitkan tidak memuat nama",
        min_length=1,
        max_length=200,
        description="Untuk apa data dipakai.",
    )
    kontak: str = Field(
        default="petugas yang menerima formulir ini",
        min_length=1,
        max_length=200,
        description="Siapa yang dihubungi tentang data pribadi.",
    )

    @property
    def lines(self) -> tuple[str, str, str]:
        """The three lines, as they stand on the form."""
        return (
            f"Pengendali data pribadi: {self.pengendali}",
            f"Tujuan: {self.tujuan}",
            f"Kontak: {self.kontak}",
        )

    def of(self, office: str) -> "Notice":
        """Return the notice with its controller named: the office, unless another one is set."""
        return self if self.pengendali.strip() else self.model_copy(update={"pengendali": office})

    def changed(self, **own: str) -> "Notice":
        """Return the notice with a channel's own lines in their place, where it has any."""
        return self.model_copy(update={name: line for name, line in own.items() if line.strip()})
