"""Language, klasifikasi, kategori, urgency, flags and OPD, by tables of cases."""

from collections.abc import Callable

import pytest

from core.schema import Complaint

Understand = Callable[..., Complaint]

KATEGORI = [
    ("Jalan berlubang dan rusak parah", "jalan_rusak", "DPUPR"),
    ("dalane bolong gedhe tulung didandani", "jalan_rusak", "DPUPR"),
    ("lampu jalan mati sudah seminggu", "pju", "DPUPR"),
    ("PJU padam di pertigaan", "pju", "DPUPR"),
    ("selokan mampet kalau udan banyune luber", "drainase_banjir", "DPUPR"),
    ("sampah menumpuk tidak diangkut", "sampah", "DLH"),
    ("uwuh numpuk ora dijupuk", "sampah", "DLH"),
    ("bau kandang ayam menyengat", "lingkungan_pencemaran", "DLH"),
    ("ranting pohon menutupi rambu", "pohon", "DLH"),
    ("air PDAM keruh dan kecil", "air_minum", "PDAM"),
    ("septic tank warga meluber", "sanitasi", "Dinas Perkim"),
    ("jukir liar minta parkir mahal", "parkir_jukir", "Dishub"),
    ("lampu merah perempatan mati bikin macet", "lalin_transportasi", "Dishub"),
    ("kabel telkom menjuntai rendah", "utilitas_kabel", "DPUPR"),
    ("baliho liar mau roboh", "reklame", "Satpol PP"),
    ("sound horeg bising tiap malam", "ketertiban_umum", "Satpol PP"),
    ("KTP saya belum dicetak blangko kosong", "adminduk", "Dispendukcapil"),
    ("bansos PKH tidak cair", "bansos_sosial", "Dinsos"),
    ("antri di puskesmas lama, dokter telat", "kesehatan", "Dinkes"),
    ("guru sekolah SMP sering kosong", "pendidikan", "Disdik"),
    ("pabrik tidak bayar lembur dan pesangon buruh", "tenaga_kerja", "Disnaker"),
    ("sertifikat tanah PTSL belum jadi", "perumahan_pertanahan", "Dinas Perkim"),
    ("izin usaha NIB lewat OSS ditolak", "perizinan_umum", "DPMPTSP"),
    ("aplikasi tidak bisa login, server error", "internet_aplikasi", "Diskominfotiksan"),
    ("SPPT PBB saya salah", "pajak_retribusi", "Bapenda"),
    ("pelayanan kelurahan lambat, petugas judes", "pelayanan_aparatur", "Inspektorat"),
    ("sarang tawon besar di atap", "kebencanaan_darurat", "BPBD"),
    ("pupuk subsidi langka, petani susah", "ekonomi_pertanian", "DKPP"),
    ("harga elpiji naik di pasar", "ekonomi_pertanian", "Disperindag"),
    ("listrik PLN padam terus", "listrik", "PLN"),
    ("banyak maling motor, curanmor", "keamanan_kriminal", "Polres"),
    ("xyzzy", "lainnya", "Diskominfotiksan"),
]

KLASIFIKASI = [
    ("jalan rusak", "pengaduan"),
    ("kenapa lampu jalan belum diperbaiki?", "pengaduan"),
    ("Bagaimana cara mengurus akta kelahiran?", "permintaan_informasi"),
    ("apa saja syarat pindah domisili", "permintaan_informasi"),
    ("usul dibuatkan trotoar di depan sekolah", "aspirasi"),
    ("mohon dibangun jembatan penyeberangan", "aspirasi"),
    ("kepala desa korupsi dana desa", "whistleblowing"),
    ("oknum pegawai minta uang pelicin", "whistleblowing"),
    ("ada korupsi di sini, terima kasih", "pengaduan"),
    ("Laporan percobaan", "bukan_aduan"),
    ("", "bukan_aduan"),
    ("suwun pak", "bukan_aduan"),
    ("Terima kasih min, mantap", "bukan_aduan"),
    ("assalamualaikum", "bukan_aduan"),
    ("tes", "bukan_aduan"),
    ("slot gacor maxwin daftar sekarang", "bukan_aduan"),
    ("👍", "bukan_aduan"),
    ("https://contoh.example/a", "bukan_aduan"),
]

URGENCY = [
    ("lampu jalan mati", "sms", "normal"),
    ("jalan licin, banyak yang jatuh", "sms", "high"),
    ("kebakaran rumah di Garum sekarang", "sms", "emergency"),
    ("orang tenggelam di sungai", "call112", "emergency"),
    ("ada ular", "sms", "normal"),
    ("ada ular", "call112", "high"),
    ("lampu jalan mati", "call112", "normal"),
    ("usul dibuatkan taman", "sms", "low"),
    ("anak jatuh di got", "sms", "high"),
    ("genangan di jalan, 40 warga tidak bisa lewat", "sms", "high"),
    ("genangan di jalan, 2 warga tidak bisa lewat", "sms", "normal"),
    ("40 rumah belum dapat tempat sampah", "sms", "normal"),
]

LANGUAGE = [
    ("lampu di jalan kami sudah mati dan belum diperbaiki", "id"),
    ("dalan ngarep omahku wis suwe ora didandani", "jv"),
    ("jalan abdi rusak pisan teu acan dibenerkeun", "su"),
    ("the road to our place is broken", "en"),
    ("12345 !!", "unknown"),
]


@pytest.mark.parametrize(("text", "kategori", "opd"), KATEGORI)
def test_kategori_and_opd(understand: Understand, text: str, kategori: str, opd: str) -> None:
    complaint = understand(text)
    assert (complaint.kategori, complaint.opd_suggested) == (kategori, opd)


@pytest.mark.parametrize(("text", "klasifikasi"), KLASIFIKASI)
def test_klasifikasi(understand: Understand, text: str, klasifikasi: str) -> None:
    assert understand(text).klasifikasi == klasifikasi


@pytest.mark.parametrize(("text", "channel", "urgency"), URGENCY)
def test_urgency(understand: Understand, text: str, channel: str, urgency: str) -> None:
    assert understand(text, channel).urgency == urgency


@pytest.mark.parametrize(("text", "language"), LANGUAGE)
def test_language(understand: Understand, text: str, language: str) -> None:
    assert understand(text).language == language


@pytest.mark.parametrize(
    ("text", "fields", "klasifikasi"),
    [
        ("(panggilan kosong)", {"given": {"panggilan": "kosong"}}, "bukan_aduan"),
        ("halo halo", {"given": {"panggilan": "iseng"}}, "bukan_aduan"),
        ("jadwal samsat", {"given": {"panggilan": "informasi"}}, "permintaan_informasi"),
        ("alamat tidak dikenal", {"given": {"pantulan": "ya"}}, "bukan_aduan"),
        ("Pelayanan cepat, dokternya baik", {"rating": 5.0}, "bukan_aduan"),
        ("Bagus tapi toiletnya rusak dan bau", {"rating": 5.0}, "pengaduan"),
        ("", {"rating": 5.0}, "bukan_aduan"),
        ("", {"rating": 1.0}, "pengaduan"),
    ],
)
def test_what_the_channel_knows(
    understand: Understand, text: str, fields: dict[str, object], klasifikasi: str
) -> None:
    assert understand(text, **fields).klasifikasi == klasifikasi


def test_an_sp4n_report_keeps_its_number(understand: Understand) -> None:
    report = understand("jalan rusak", channel="sp4n", given={"tracking_id": "1000001"})
    assert (report.sp4n_tracking_id, report.sp4n_status) == ("1000001", "sudah")
    assert understand("jalan rusak").sp4n_status == "belum"


def test_only_a_photo_is_a_complaint(understand: Understand) -> None:
    complaint = understand("", attachments=[{"name": "ktp 3505101202900001.jpg"}])
    assert complaint.klasifikasi == "pengaduan"
    assert complaint.attachments[0].name == "ktp [NIK].jpg"


def test_a_wish_for_silence_hides_the_name(understand: Understand) -> None:
    complaint = understand("jalan rusak, tolong jangan sebut nama saya")
    assert (complaint.anonim, complaint.rahasia) == (True, False)


def test_violence_hides_the_content(understand: Understand) -> None:
    complaint = understand("anak tetangga dipukuli ayahnya")
    assert complaint.rahasia
    assert any(why.field == "rahasia" and why.words for why in complaint.explain)


def test_corruption_is_hidden_and_supervised(understand: Understand) -> None:
    complaint = understand("kades korupsi dana desa")
    assert complaint.anonim
    assert complaint.rahasia
    assert complaint.berkadar_pengawasan is True


def test_the_senders_own_flags_stand(understand: Understand) -> None:
    complaint = understand("jalan rusak", anonim=True, rahasia=True)
    assert (complaint.anonim, complaint.rahasia) == (True, True)


def test_a_flood_in_houses_goes_to_bpbd(understand: Understand) -> None:
    assert understand("banjir masuk rumah warga").opd_suggested == "BPBD"


def test_the_city_is_another_office(understand: Understand) -> None:
    assert understand("jalan berlubang di Kota Blitar").opd_suggested == "Pemkot Blitar"


@pytest.mark.parametrize(
    ("text", "office"),
    [
        ("listrik PLN padam terus", "PT PLN (Persero), call center 123"),
        ("iuran BPJS Kesehatan saya menunggak, kartu bpjs mati", "BPJS Kesehatan, 165"),
        ("antrian paspor di kantor imigrasi lama", "Kantor Imigrasi"),
        ("jalan di Kabupaten Kediri rusak", "Pemerintah Kabupaten Kediri"),
        ("jalan berlubang di Kota Blitar", "Pemkot Blitar"),
        ("jalan berlubang di desa Tlogo", ""),
        ("terima kasih", ""),
    ],
)
def test_no_wrong_door(understand: Understand, text: str, office: str) -> None:
    why = {explained.field: explained.value for explained in understand(text).explain}
    assert why.get("bukan_wewenang", "") == office


def test_every_derived_field_is_explained(understand: Understand) -> None:
    complaint = understand("dalan bolong di desa Tlogo")
    why = {explained.field: explained for explained in complaint.explain}
    assert why.keys() >= {
        "language", "wilayah", "klasifikasi", "kategori", "urgency", "opd_suggested",
    }  # fmt: skip
    assert why["kategori"].words[:2] == ("jalan ~ berlubang", "berlubang")
    assert why["wilayah"].words == ("desa tlogo",)
