-- The projection of the register. No unique indexes in the hot file: a row is once because its
-- position is written in the same transaction (docs/decisions/0003-duckdb-is-a-projection.md).

CREATE TABLE positions (
    topic      VARCHAR  NOT NULL,
    part       INTEGER  NOT NULL,
    last       BIGINT   NOT NULL,         -- offset of the last record written
    note       VARCHAR  NOT NULL,         -- what the reader must know to go on from there
    pub_seq    BIGINT   NOT NULL          -- the count of written rows when it stood there
);

CREATE TABLE complaints (                  -- one row a complaint: its latest version
    tenant            VARCHAR NOT NULL,
    complaint_id      VARCHAR NOT NULL,
    ticket_no         VARCHAR,
    case_id           VARCHAR,
    suggested_case_id VARCHAR,
    relation          VARCHAR,             -- opened, joined, suggested, continued, edited
    score             DOUBLE,
    reason            VARCHAR,
    status            VARCHAR,             -- baru, terverifikasi, disposisi, proses, selesai, ...
    opd               VARCHAR,             -- responsible OPD once disposed
    opd_suggested     VARCHAR,
    channel           VARCHAR NOT NULL,
    account           VARCHAR,
    external_id       VARCHAR NOT NULL,
    version           VARCHAR,
    raw_id            VARCHAR,             -- the raw message it was read in
    version_at        TIMESTAMPTZ NOT NULL, -- edited_at, else received_at: the highest is the latest
    position          BIGINT NOT NULL,     -- its offset in the register; breaks a tie
    message_ids       VARCHAR[],
    messages          INTEGER NOT NULL,    -- how many messages it was written in
    reporter_ref      VARCHAR,
    anonim            BOOLEAN,
    rahasia           BOOLEAN NOT NULL,    -- whistleblowing always is
    history           BOOLEAN,
    simulated         BOOLEAN,
    stub              BOOLEAN,
    laporan           BOOLEAN NOT NULL,    -- counts as a complaint: no bukan_aduan, no stub
    incident_at       TIMESTAMPTZ,
    occurred_at       TIMESTAMPTZ NOT NULL,
    received_at       TIMESTAMPTZ NOT NULL,
    tgl_wib           DATE NOT NULL,       -- occurred_at in the office's zone, materialised
    jam_wib           TIMESTAMP NOT NULL,
    hari_tl           DOUBLE,              -- days to the first follow-up
    title             VARCHAR,
    text              VARCHAR,
    text_clean        VARCHAR,
    text_masked       VARCHAR,
    title_masked      VARCHAR,
    language          VARCHAR,
    klasifikasi       VARCHAR,
    berkadar_pengawasan BOOLEAN,
    kategori          VARCHAR,
    kategori_mesin    VARCHAR,
    kategori_lain     VARCHAR[],
    urgency           VARCHAR,
    wilayah_kode      VARCHAR,
    kabupaten_kota    VARCHAR,
    kecamatan         VARCHAR,
    kelurahan_desa    VARCHAR,
    lat               DOUBLE,
    lon               DOUBLE,
    wilayah_confidence DOUBLE,
    wilayah_evidence  VARCHAR,
    rivals            VARCHAR,             -- JSON
    attachments       VARCHAR,             -- JSON
    reply_to          VARCHAR,
    thread            VARCHAR,
    permalink         VARCHAR,
    rating            DOUBLE,
    given             VARCHAR,             -- JSON, the provider's own words
    panggilan         VARCHAR,             -- 112: terjawab, iseng, kosong, informasi
    sumber_asal       VARCHAR,
    sp4n_status       VARCHAR,
    sp4n_tracking_id  VARCHAR,
    pii               VARCHAR,             -- JSON: kinds and counts
    explain           VARCHAR,             -- JSON: why each derived field has its value
    rules_version     VARCHAR,
    arrived_seq       BIGINT NOT NULL,     -- pub_seq of its first version: frozen lists stand on it
    pub_seq           BIGINT NOT NULL      -- order in which rows were written
);

CREATE TABLE complaint_versions AS SELECT * FROM complaints LIMIT 0;

CREATE TABLE cases (
    tenant            VARCHAR NOT NULL,
    case_id           VARCHAR NOT NULL,
    title             VARCHAR,             -- never a word of a rahasia complaint
    kategori          VARCHAR,
    kecamatan         VARCHAR,
    kelurahan_desa    VARCHAR,
    status            VARCHAR,
    opd               VARCHAR,
    simulated         BOOLEAN NOT NULL,    -- every member is
    members           INTEGER NOT NULL,    -- complaints that count; 0 = no kasus
    reporters         INTEGER NOT NULL,
    channels          VARCHAR[],
    opened_at         TIMESTAMPTZ,
    last_at           TIMESTAMPTZ,
    pub_seq           BIGINT NOT NULL
);

CREATE TABLE reporters (                   -- operator flavour only
    tenant            VARCHAR NOT NULL,
    reporter_ref      VARCHAR NOT NULL,
    platform          VARCHAR,
    name              VARCHAR,
    contact           VARCHAR,
    reply_address     VARCHAR,
    pub_seq           BIGINT NOT NULL
);

CREATE TABLE decisions (
    tenant            VARCHAR NOT NULL,
    decision_id       VARCHAR NOT NULL,
    kind              VARCHAR NOT NULL,
    case_id           VARCHAR,
    complaint_id      VARCHAR,
    value             VARCHAR,             -- JSON
    reason            VARCHAR,
    actor             VARCHAR,
    role              VARCHAR,
    decided_at        TIMESTAMPTZ,
    outcome           VARCHAR,             -- applied, refused
    sentence          VARCHAR,
    pub_seq           BIGINT NOT NULL
);

CREATE TABLE parked (
    tenant            VARCHAR,
    channel           VARCHAR,
    stage             VARCHAR,
    reason            VARCHAR,
    complaint_id      VARCHAR,
    event_id          VARCHAR,
    parked_at         TIMESTAMPTZ,
    pub_seq           BIGINT NOT NULL
);

CREATE TABLE books (                       -- raw messages, counted where their fate is decided
    tenant            VARCHAR NOT NULL,
    channel           VARCHAR NOT NULL,
    outcome           VARCHAR NOT NULL,    -- received, stored, redelivered, ignored, parked, ...
    node              VARCHAR NOT NULL,    -- the log that counted it; empty = this store
    n                 BIGINT NOT NULL,
    counted_at        TIMESTAMPTZ,
    pub_seq           BIGINT NOT NULL
);

CREATE TABLE alarms (                      -- the latest of each kind; ended = it is over
    tenant            VARCHAR NOT NULL,
    channel           VARCHAR NOT NULL,    -- empty: the whole installation
    kind              VARCHAR NOT NULL,    -- gap, parked, lag, silent, failing, burst
    sentence          VARCHAR NOT NULL,
    since             TIMESTAMPTZ NOT NULL,
    ended             TIMESTAMPTZ,
    pub_seq           BIGINT NOT NULL
);

CREATE TABLE channel_health (
    tenant            VARCHAR NOT NULL,
    channel           VARCHAR NOT NULL,
    mode              VARCHAR,
    label             VARCHAR,             -- the channel's name on screens
    state             VARCHAR,             -- terhubung, percobaan, gagal, belum_disambungkan, mati
    sentence          VARCHAR,
    cursor            VARCHAR,
    last_success      TIMESTAMPTZ,
    last_message_at   TIMESTAMPTZ,
    checked_at        TIMESTAMPTZ,
    pub_seq           BIGINT NOT NULL
);

CREATE TABLE wilayah (
    tenant VARCHAR, kode VARCHAR, nama VARCHAR, level VARCHAR, tipe VARCHAR, kode_induk VARCHAR,
    lat DOUBLE, lon DOUBLE
);

CREATE TABLE opd (tenant VARCHAR, kode VARCHAR, nama VARCHAR);

CREATE TABLE kategori (kode VARCHAR, uraian VARCHAR);

CREATE TABLE published (                   -- one row: what this file is
    version           BIGINT,
    flavour           VARCHAR,
    made_at           TIMESTAMPTZ,
    rows              BIGINT,
    pub_seq           BIGINT
);

CREATE TABLE published_rahasia (           -- per month: confidential rows this flavour leaves out
    tenant VARCHAR, bulan DATE, dikecualikan BIGINT
);
