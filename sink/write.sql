-- The statements of one write. `asked`, `touched` and `incoming` are Arrow tables lent to DuckDB.

-- name: positions
-- How far each partition is written.
SELECT topic, part, last, note, pub_seq FROM positions;

-- name: known_complaints
-- What is stored of the complaints of this batch and of those its decisions name.
SELECT complaint_id, case_id, arrived_seq, version_at, position, stub, raw_id
FROM complaints WHERE complaint_id IN (SELECT id FROM asked);

-- name: known_cases
-- How the cases this batch touches stand.
SELECT case_id, status, opd FROM cases WHERE case_id IN (SELECT id FROM asked);

-- name: known_reporters
-- What is stored of the reporters of this batch.
SELECT tenant, reporter_ref, platform, name, contact, reply_address
FROM reporters WHERE reporter_ref IN (SELECT id FROM asked);

-- name: known_corrections
-- What operators corrected of these complaints, in the order of the register.
SELECT complaint_id, value FROM decisions
WHERE kind = 'correct' AND outcome = 'applied' AND complaint_id IN (SELECT id FROM asked)
ORDER BY pub_seq;

-- name: as_the_machine_said
-- The rows of these complaints, without what was corrected of them before.
SELECT c.* REPLACE (
    v.kategori AS kategori, v.klasifikasi AS klasifikasi, v.urgency AS urgency,
    v.anonim AS anonim, v.rahasia AS rahasia, v.berkadar_pengawasan AS berkadar_pengawasan)
FROM complaints c JOIN complaint_versions v USING (complaint_id, position)
WHERE complaint_id IN (SELECT id FROM asked);

-- name: delete_complaints
DELETE FROM complaints WHERE complaint_id IN (SELECT id FROM asked);

-- name: delete_reporters
DELETE FROM reporters WHERE (tenant, reporter_ref) IN (SELECT (tenant, reporter_ref) FROM incoming);

-- name: delete_channel_health
DELETE FROM channel_health WHERE (tenant, channel) IN (SELECT (tenant, channel) FROM incoming);

-- name: known_parked
-- Which of these records are parked already (Kafka may bring a dead letter twice).
SELECT event_id, stage FROM parked WHERE event_id IN (SELECT id FROM asked);

-- name: known_books
-- What this store itself has counted.
SELECT tenant, channel, outcome, n FROM books WHERE node = '';

-- name: delete_alarms
DELETE FROM alarms
WHERE (tenant, channel, kind) IN (SELECT (tenant, channel, kind) FROM incoming);

-- name: delete_books
DELETE FROM books
WHERE (tenant, channel, outcome, node) IN (SELECT (tenant, channel, outcome, node) FROM incoming);

-- name: delete_positions
DELETE FROM positions WHERE (topic, part) IN (SELECT (topic, part) FROM incoming);

-- name: set_status
-- An act on a case holds for all its complaints.
UPDATE complaints SET status = t.status, opd = t.opd, pub_seq = t.pub_seq
FROM touched t
WHERE complaints.case_id = t.case_id
  AND (complaints.status IS DISTINCT FROM t.status OR complaints.opd IS DISTINCT FROM t.opd);

-- name: move
-- What a person merged goes over to the other case, or what was split off alone to its own.
UPDATE complaints SET case_id = $new, pub_seq = $seq
WHERE case_id = $old AND case_id <> $new AND ($id = '' OR complaint_id = $id);

-- name: delete_cases
DELETE FROM cases WHERE case_id IN (SELECT case_id FROM touched);

-- name: insert_cases
-- Derive the touched cases from their complaints. Words come only from complaints that are not
-- rahasia; what is no laporan never counts, and a simulated one only among its own kind.
INSERT INTO cases BY NAME
WITH member AS (
    SELECT c.*, t.status AS case_status, t.opd AS case_opd, t.pub_seq AS case_seq,
           c.laporan
             AND (NOT c.simulated OR bool_and(c.simulated) OVER (PARTITION BY c.case_id)) AS counts
    FROM complaints c JOIN touched t USING (case_id)
)
SELECT any_value(tenant) AS tenant,
       case_id,
       coalesce(arg_min(coalesce(nullif(title_masked, ''), left(array_to_string(
                    string_split_regex(trim(text_masked), '\s+')[1:12], ' '), 90)), arrived_seq)
                    FILTER (WHERE NOT rahasia), '(laporan rahasia)') AS title,
       coalesce(arg_min(kategori, arrived_seq) FILTER (WHERE NOT rahasia),
                arg_min(kategori, arrived_seq)) AS kategori,
       arg_min(kecamatan, arrived_seq) FILTER (WHERE NOT rahasia) AS kecamatan,
       arg_min(kelurahan_desa, arrived_seq) FILTER (WHERE NOT rahasia) AS kelurahan_desa,
       any_value(case_status) AS status,
       any_value(case_opd) AS opd,
       bool_and(simulated) AS simulated,
       count(*) FILTER (WHERE counts) AS members,
       count(DISTINCT reporter_ref) FILTER (WHERE counts AND reporter_ref <> '')
         + count(*) FILTER (WHERE counts AND reporter_ref = '') AS reporters,
       list_sort(list(DISTINCT channel)) AS channels,
       min(occurred_at) AS opened_at,
       max(occurred_at) AS last_at,
       any_value(case_seq) AS pub_seq
FROM member GROUP BY case_id;
