-- The analysts' flavour: masked words, no contacts, nothing confidential. `pub` is the new file,
-- `pseudonyms` an Arrow table with each reporter's pseudonym. A column nobody has weighed does not
-- pass: the columns are listed, never starred.

-- One shape for the latest rows and for all versions. Whatever a provider or a citizen could have
-- put a number or a name into (ids, links, the provider's own words) is empty.
CREATE OR REPLACE TEMP MACRO for_analysts(name) AS TABLE
SELECT c.tenant, c.complaint_id, c.ticket_no, c.case_id,
       CASE WHEN c.suggested_case_id IN (SELECT case_id FROM complaints WHERE rahasia)
            THEN NULL ELSE c.suggested_case_id END AS suggested_case_id,
       c.relation, c.score,
       regexp_replace(c.reason, '\+?\d[\d .()-]{5,}\d', '[nomor]', 'g') AS reason,
       c.status, c.opd, c.opd_suggested, c.channel,
       CASE WHEN regexp_matches(c.account, '\d{6,}') THEN NULL ELSE c.account END AS account,
       NULL::VARCHAR AS external_id, NULL::VARCHAR AS version, NULL::VARCHAR AS raw_id,
       c.version_at, c.position,
       NULL::VARCHAR[] AS message_ids, c.messages,
       coalesce(p.pseudonym, '') AS reporter_ref,
       c.anonim, c.rahasia, c.history, c.simulated, c.stub, c.laporan,
       c.incident_at, c.occurred_at, c.received_at, c.tgl_wib, c.jam_wib, c.hari_tl,
       c.title_masked AS title, c.text_masked AS text,
       c.language, c.klasifikasi, c.berkadar_pengawasan,
       c.kategori, c.kategori_mesin, c.kategori_lain, c.urgency,
       c.wilayah_kode, c.kabupaten_kota, c.kecamatan, c.kelurahan_desa, c.lat, c.lon,
       c.wilayah_confidence,
       CASE WHEN regexp_matches(c.wilayah_evidence, '\d') THEN NULL
            ELSE c.wilayah_evidence END AS wilayah_evidence,
       c.rivals,
       NULL::VARCHAR AS attachments, NULL::VARCHAR AS reply_to, NULL::VARCHAR AS thread,
       NULL::VARCHAR AS permalink, c.rating, NULL::VARCHAR AS given,
       c.panggilan, c.sumber_asal, c.sp4n_status, c.sp4n_tracking_id, c.pii,
       -- The rule that decided stays; the words it decided by may be the citizen's.
       to_json(list_transform(
           from_json(c.explain, '[{"field":"VARCHAR","value":"VARCHAR","rule":"VARCHAR"}]'),
           lambda e: {'field': e.field, 'value': e.value, 'rule': e.rule}))::VARCHAR AS explain,
       c.rules_version, c.arrived_seq, c.pub_seq
FROM query_table(name) c LEFT JOIN pseudonyms p USING (tenant, reporter_ref)
WHERE NOT c.rahasia
  AND c.complaint_id NOT IN (SELECT complaint_id FROM complaints WHERE rahasia);

CREATE TABLE pub.complaints AS FROM for_analysts('complaints') ORDER BY pub_seq;
CREATE TABLE pub.complaint_versions AS FROM for_analysts('complaint_versions') ORDER BY pub_seq;

-- A case is counted again over what this flavour shows; one that shows nothing is left out.
CREATE TABLE pub.cases AS
WITH shown AS (
    SELECT case_id,
           count(*) FILTER (WHERE counts) AS members,
           count(DISTINCT reporter_ref) FILTER (WHERE counts AND reporter_ref <> '')
             + count(*) FILTER (WHERE counts AND reporter_ref = '') AS reporters,
           list_sort(list(DISTINCT channel)) AS channels,
           min(occurred_at) AS opened_at, max(occurred_at) AS last_at
    FROM (SELECT *, laporan
                    AND (NOT simulated OR bool_and(simulated) OVER (PARTITION BY case_id)) AS counts
          FROM pub.complaints)
    GROUP BY case_id
)
SELECT c.tenant, c.case_id, c.title, c.kategori, c.kecamatan, c.kelurahan_desa, c.status, c.opd,
       c.simulated, s.members, s.reporters, s.channels, s.opened_at, s.last_at, c.pub_seq
FROM cases c JOIN shown s USING (case_id);

CREATE TABLE pub.reporters AS FROM reporters LIMIT 0;

-- An act keeps its skeleton: what was done, when, in which role; not who, and no free words.
CREATE TABLE pub.decisions AS
SELECT tenant, decision_id, kind, case_id, complaint_id,
       to_json({'status': json_extract_string(value, '$.status'),
                'opd': json_extract_string(value, '$.opd')})::VARCHAR AS value,
       NULL::VARCHAR AS reason, NULL::VARCHAR AS actor, role, decided_at, outcome,
       NULL::VARCHAR AS sentence, pub_seq
FROM decisions
WHERE coalesce(case_id, '') NOT IN (SELECT case_id FROM complaints WHERE rahasia)
  AND coalesce(complaint_id, '') NOT IN (SELECT complaint_id FROM complaints WHERE rahasia);

-- Why and which record: that may quote it.
CREATE TABLE pub.parked AS
SELECT tenant, channel, stage, NULL::VARCHAR AS reason, NULL::VARCHAR AS complaint_id,
       NULL::VARCHAR AS event_id, parked_at, pub_seq
FROM parked;

CREATE TABLE pub.alarms AS FROM alarms;
CREATE TABLE pub.books AS FROM books;

CREATE TABLE pub.channel_health AS
SELECT tenant, channel, mode, label, state, NULL::VARCHAR AS sentence, NULL::VARCHAR AS cursor,
       last_success, last_message_at, checked_at, pub_seq
FROM channel_health;

CREATE TABLE pub.wilayah AS FROM wilayah;
CREATE TABLE pub.opd AS FROM opd;
CREATE TABLE pub.kategori AS FROM kategori;
CREATE TABLE pub.published AS FROM published;

CREATE TABLE pub.published_rahasia AS
SELECT tenant, date_trunc('month', tgl_wib)::DATE AS bulan, count(*) AS dikecualikan
FROM complaints WHERE rahasia GROUP BY ALL ORDER BY ALL;
