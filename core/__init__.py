"""The ground: records, topics, bus, settings, errors, log. Knows no channel and no stage."""
