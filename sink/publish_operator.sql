-- The operators' flavour: every row as it is. `pub` is the new file.

CREATE TABLE pub.complaints AS FROM complaints;
CREATE TABLE pub.complaint_versions AS FROM complaint_versions;
CREATE TABLE pub.cases AS FROM cases;
CREATE TABLE pub.reporters AS FROM reporters;
CREATE TABLE pub.decisions AS FROM decisions;
CREATE TABLE pub.parked AS FROM parked;
CREATE TABLE pub.alarms AS FROM alarms;
CREATE TABLE pub.books AS FROM books;
CREATE TABLE pub.channel_health AS FROM channel_health;
CREATE TABLE pub.wilayah AS FROM wilayah;
CREATE TABLE pub.opd AS FROM opd;
CREATE TABLE pub.kategori AS FROM kategori;
CREATE TABLE pub.published AS FROM published;
CREATE TABLE pub.published_rahasia AS FROM published_rahasia;
