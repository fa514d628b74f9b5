"""Settings: the environment over files, every slip named by its place, no secret ever printed."""

import asyncio
from pathlib import Path

import pytest

from core.bus import Outgoing
from core.bus.opening import open_bus
from core.errors import CannotStore, ConfigError
from core.settings import Settings, child_environment, load, trial_variable

TENANT = """
office = "Kantor Uji"
wilayah_kode = "35.05"
ticket_prefix = "UJI"
[channels.sms]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config" / "tenants" / "kab-uji"
    folder.mkdir(parents=True)
    (folder / "tenant.toml").write_text(TENANT)
    (tmp_path / "config" / "gateway.toml").write_text("[intake]\nport = 8085\n")
    return tmp_path / "config"


def read(config: Path, **environ: str) -> Settings:
    return load(config, config.parent / "data", environ=environ)


def test_the_environment_wins_over_files_and_the_command_line_over_both(config: Path) -> None:
    assert read(config).intake.port == 8085
    environ = {"KANAL_INTAKE__PORT": "8086"}
    assert read(config, **environ).intake.port == 8086
    overrides = {"intake": {"port": 8087}}
    found = load(config, config, environ=environ, overrides=overrides)
    assert found.intake.port == 8087
    assert found.intake.public_base == "http://127.0.0.1:8087"


def test_a_secret_reaches_its_channel_and_no_print(config: Path, tmp_path: Path) -> None:
    name = trial_variable("kab-uji", "sms", "auth_token")
    assert name == "KANAL_TENANTS__KAB_UJI__CHANNELS__SMS__AUTH_TOKEN"
    settings = read(config, **{name: "rahasia-sekali"})
    assert settings.tenants["kab-uji"].channels["sms"] == {"auth_token": "rahasia-sekali"}
    assert "rahasia-sekali" not in repr(settings)
    assert settings.trial == frozenset()
    (tmp_path / "token").write_text("dari-berkas\n")
    from_file = read(config, **{f"{name}_FILE": str(tmp_path / "token")})
    assert from_file.tenants["kab-uji"].channels["sms"] == {"auth_token": "dari-berkas"}


def test_trial_secrets_lie_in_the_data_folder_and_give_way_to_real_ones(config: Path) -> None:
    name = trial_variable("kab-uji", "sms", "auth_token")
    data = config.parent / "data"
    data.mkdir()
    (data / "secrets.env").write_text(f"# percobaan\n{name}=coba\n")
    tried = read(config)
    assert tried.tenants["kab-uji"].channels["sms"] == {"auth_token": "coba"}
    assert tried.trial == {("kab-uji", "sms")}
    real = read(config, **{name: "asli"})
    assert real.tenants["kab-uji"].channels["sms"] == {"auth_token": "asli"}
    assert real.trial == frozenset()


def test_one_real_secret_ends_the_trial_of_its_channel(config: Path) -> None:
    data = config.parent / "data"
    data.mkdir()
    names = [trial_variable("kab-uji", "sms", key) for key in ("auth_token", "lain")]
    (data / "secrets.env").write_text("".join(f"{name}=coba\n" for name in names))
    assert read(config).trial == {("kab-uji", "sms")}
    assert read(config, **{names[0]: "asli"}).trial == frozenset()


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"KANAL_INTAKE__PORT": "delapan"}, "gateway.toml: intake.port"),
        ({"KANAL_INTAKE__PROT": "1"}, "gateway.toml: intake.prot: kunci tidak dikenal"),
        ({"KANAL_SALAH": "1"}, "variabel lingkungan KANAL_SALAH tidak dikenal"),
        ({"KANAL_BUS": "rabbit"}, "gateway.toml: bus"),
        ({"KANAL_INTAKE__PUBLIC_URL": "https://a.id/"}, "intake.public_url: bentuknya salah"),
        ({"KANAL_TENANTS__KAB_UJI__ZONE": "Mars"}, "kab-uji/tenant.toml: zone"),
        ({"KANAL_INTAKE": "abc"}, "KANAL_INTAKE: tulis tiap kunci sendiri"),
        ({"KANAL_DEMO_FILE": "/tidak/ada"}, "KANAL_DEMO_FILE: berkas /tidak/ada"),
    ],
)
def test_a_slip_is_named_by_its_place(config: Path, environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read(config, **environ)


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("gateway.toml", "bus = \ndemo = true", "gateway.toml: .*line 1"),
        ("gateway.toml", "kafka = 3", "gateway.toml: kafka: "),
        (
            "tenants/kab-uji/tenant.toml",
            TENANT.replace("[channels.sms]", 'channels = "x"'),
            "tenant.toml: channels: ",
        ),
        ("gateway.toml", "[tenants.x]", "kantor ditulis di tenants/NAMA/tenant.toml"),
        ("tenants/kab-uji/tenant.toml", 'office = "x"', "wilayah_kode: wajib diisi"),
        ("tenants/kab-uji/tenant.toml", TENANT + "[salah]\n", "salah: kunci tidak dikenal"),
    ],
)
def test_a_broken_file_is_named(config: Path, file: str, text: str, sentence: str) -> None:
    (config / file).write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        read(config)


def test_a_byte_order_mark_is_no_part_of_a_file(config: Path) -> None:
    (config / "gateway.toml").write_text("\ufeff[intake]\nport = 8086\n")
    assert read(config).intake.port == 8086


def test_trial_secrets_that_are_no_text_are_a_sentence(config: Path) -> None:
    data = config.parent / "data"
    data.mkdir()
    (data / "secrets.env").write_bytes(b"KANAL_X=\xff")
    with pytest.raises(ConfigError, match=r"secrets\.env: bukan teks UTF-8"):
        read(config)


def test_a_folder_without_offices_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="folder pengaturan tidak ada"):
        read(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="belum ada kantor"):
        read(tmp_path)


def test_a_value_is_never_quoted(config: Path) -> None:
    name = "KANAL_TENANTS__KAB_UJI__WILAYAH_KODE"
    with pytest.raises(ConfigError) as refused:
        read(config, **{name: "rahasia-sekali"})
    assert "rahasia-sekali" not in str(refused.value)


def test_a_child_decides_nothing_anew(config: Path) -> None:
    settings = load(config, config, environ={}, overrides={"intake": {"port": 9001}})
    environ = {k: v for k, v in child_environment(settings).items() if k.startswith("KANAL_")}
    assert load(config, config, environ=environ).intake == settings.intake


def test_the_floors_of_the_disk_reach_the_log(config: Path) -> None:
    environ = {"KANAL_LOG__FREE_FLOOR_MB": str(1 << 40), "KANAL_LOG__HARD_FLOOR_MB": "0"}

    async def story() -> None:
        bus = open_bus(read(config, **environ))
        try:
            with pytest.raises(CannotStore, match="ruang cakram"):
                await bus.publish([Outgoing("raw", 0, "ab", b"x")])
        finally:
            await bus.close()

    asyncio.run(story())


def test_floors_in_the_wrong_order_are_a_sentence(config: Path) -> None:
    with pytest.raises(ConfigError, match="hard_floor_mb tidak boleh melebihi free_floor_mb"):
        read(config, KANAL_LOG__FREE_FLOOR_MB="10", KANAL_LOG__HARD_FLOOR_MB="11")
