"""Short messages in Javanese and mixed speech, written by us: the dialect is not ignored."""

from collections.abc import Callable

import pytest

from core.schema import Complaint

Understand = Callable[..., Complaint]

MESSAGES = [
    ("dalane neng ngarep balai desa Tlogo bolong kabeh pak, wis akeh sing tiba", "jalan_rusak"),
    ("pak lampu dalan mburi pasar wis sesasi peteng dhedhet", "pju"),
    ("min iki kaline mambu banget limbah pabrik tahu", "lingkungan_pencemaran"),
    ("banyu pdam kok ra mili to pak wis telung dina", "air_minum"),
    ("nyuwun sewu, ktp kulo dereng dados dados", "adminduk"),
    ("bansos e kok mung sing sugih sing entuk", "bansos_sosial"),
    ("tonggoku saben bengi nyetel sound banter banget ra iso turu", "ketertiban_umum"),
    ("got ngarep omah mampet yen udan banjir", "drainase_banjir"),
    ("wit gedhe pinggir dalan arep rubuh tulung ditegor", "pohon"),
    ("jukir neng alun2 njaluk 5 ewu motor", "parkir_jukir"),
    ("truk pasir ugal2an neng dalan desa mbebayani bocah sekolah", "lalin_transportasi"),
    ("lurahe ora tau ngantor, ngurus surat angel", "pelayanan_aparatur"),
    ("rabuk langka regane larang petani susah", "ekonomi_pertanian"),
    ("mati lampu wis ket isuk pln piye iki", "listrik"),
    ("maling pitik saiki akeh neng desaku", "keamanan_kriminal"),
    ("ana ula gedhe mlebu omah", "kebencanaan_darurat"),
    ("sekolahe anakku narik iuran trus", "pendidikan"),
    ("puskesmas dokter e ra tau teko, antri suwe", "kesehatan"),
    ("pabrik gajine ra sesuai umk", "tenaga_kerja"),
    ("kabel wifi semrawut nglawer ngarep omah", "utilitas_kabel"),
    ("internet desa lemot bgt", "internet_aplikasi"),
    ("pajek pbb ku kok mundak akeh", "pajak_retribusi"),
    ("uwuh neng pinggir kali numpuk mambu", "sampah"),
    ("baliho partai ambruk neng prapatan", "reklame"),
    ("wc umum terminal rusuh mambu pesing", "sanitasi"),
    ("sertipikat prona wis 2 taun durung dadi", "perumahan_pertanahan"),
    ("ngurus ijin warung nang oss angel tenan", "perizinan_umum"),
    ("jln rusak parah gan kyk kubangan kebo", "jalan_rusak"),
    ("pak bupati tlg jlan ds kami di aspal udh 10 th blm pernah", "jalan_rusak"),
    ("pju mati dr minggu kmrn gelap rawan begal", "pju"),
    ("sampah numpuk di tps ga diangkut2 bau busuk", "sampah"),
    ("air ledeng butek bau", "air_minum"),
    ("kk blm jadi2 udh 3 bln di capil", "adminduk"),
    ("pelayanan kecamatan lelet bgt petugas main hp", "pelayanan_aparatur"),
    ("debu proyek bikin sesak nafas warga", "lingkungan_pencemaran"),
    ("bau kotoran ayam dari kandang tetangga nyengat", "lingkungan_pencemaran"),
    ("lalat banyak bgt dr peternakan", "lingkungan_pencemaran"),
    ("orgil ngamuk di pasar", "ketertiban_umum"),
    ("bangjo perempatan mati macet total", "lalin_transportasi"),
    ("irigasi sawah jebol padi mati", "drainase_banjir"),
    ("mas tulung dandani kreteg ambrol neng dusun krajan", "jalan_rusak"),
    ("saluran banyu sawah buntu", "drainase_banjir"),
    ("sinyal telkomsel ilang trus neng desaku", "internet_aplikasi"),
    ("kis ku mati kok iso ya", "kesehatan"),
    ("blt dd desa ora mudun", "bansos_sosial"),
    ("rego lpg melon 25 ewu lan angel golek", "ekonomi_pertanian"),
    ("omahku kobong tulung damkar", "kebencanaan_darurat"),
    ("tanah longsor nutup dalan", "kebencanaan_darurat"),
    ("lampu taman kota mati semua", "pju"),
    ("trotoar dipakai jualan pkl", "ketertiban_umum"),
    ("cah nom mabuk mabukan neng poskamling", "ketertiban_umum"),
    ("balapan liar tiap malem minggu di jln baru", "ketertiban_umum"),
    ("parkir sembarangan di depan toko bikin macet", "parkir_jukir"),
    ("bus sekolah kok gak lewat sini lagi", "lalin_transportasi"),
    ("nyamuk akeh jaluk fogging", "kesehatan"),
    ("kucing mati di jalan bau", "sampah"),
    ("asap bakaran sampah tetangga", "sampah"),
    ("pohon nutupi lampu jalan", "pohon"),
    ("tiang listrik miring mau roboh", "listrik"),
    ("kabel pln kendor nyentuh pohon", "listrik"),
    ("bocah cilik ngemis neng bangjo", "ketertiban_umum"),
    ("kades korupsi dana desa", "pelayanan_aparatur"),
    ("sapi kena pmk akeh sing mati", "ekonomi_pertanian"),
    ("guru ne sering bolos", "pendidikan"),
    ("ppdb zonasi ne ra adil", "pendidikan"),
    ("di phk gak dikasih pesangon", "tenaga_kerja"),
    ("makam desa dadi rebutan", "perumahan_pertanahan"),
    ("sumur warga kering jaluk dropping banyu", "air_minum"),
    ("jembatan gantung putus warga isolir", "jalan_rusak"),
    ("talud ambrol kena banjir", "drainase_banjir"),
]
# Who writes both rules and test is no judge; a fall below this is a rule that broke.
FEWEST = 0.9


def test_most_messages_are_understood(understand: Understand) -> None:
    wrong = [text for text, kategori in MESSAGES if understand(text).kategori != kategori]
    assert len(wrong) <= (1 - FEWEST) * len(MESSAGES), wrong


def test_none_is_taken_for_nothing(understand: Understand) -> None:
    kinds = {understand(text).klasifikasi for text, _ in MESSAGES}
    assert kinds <= {"pengaduan", "whistleblowing", "aspirasi"}


@pytest.mark.parametrize(
    ("text", "kategori"),
    [
        ("#JalanRusak di depan pasar", "jalan_rusak"),
        ("s\u0430mp\u0430h menumpuk", "sampah"),
        ("jalannn russsaaak parah", "jalan_rusak"),
        ("jmbtan ambrol", "jalan_rusak"),
        ("di depan sekolah jalan berlubang", "jalan_rusak"),
        ("BPJS Ketenagakerjaan saya, saldo JHT belum cair", "tenaga_kerja"),
        ("mahasiswa KKN melapor jembatan rusak", "jalan_rusak"),
    ],
)
def test_ways_of_writing(understand: Understand, text: str, kategori: str) -> None:
    found = understand(text)
    assert (found.kategori, found.klasifikasi) == (kategori, "pengaduan")


def test_a_title_weighs_more(understand: Understand) -> None:
    told = understand("air masuk dan jalan berlubang", title="Selokan mampet")
    assert told.kategori == "drainase_banjir"
    assert "jalan_rusak" in told.kategori_lain
