-- The tables of case.sqlite. Everything here can be made again from the sources, the ledger and case.toml, except notes.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row per entry of the ledger that was read: the unit of a transaction.
CREATE TABLE IF NOT EXISTS units (
  sha256 TEXT PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, versions TEXT NOT NULL, ordinal INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS units_by_path ON units(path);

CREATE TABLE IF NOT EXISTS sources (
  id TEXT PRIMARY KEY, unit TEXT NOT NULL REFERENCES units(sha256) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  content TEXT NOT NULL, copy_of TEXT, json BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sources_by_unit ON sources(unit);
CREATE INDEX IF NOT EXISTS sources_by_content ON sources(content);
CREATE INDEX IF NOT EXISTS sources_by_original ON sources(copy_of);

CREATE TABLE IF NOT EXISTS skips (
  source TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE, ordinal INTEGER NOT NULL, json BLOB NOT NULL,
  PRIMARY KEY (source, ordinal)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS files (
  path TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE, json BLOB NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS files_by_source ON files(source);

-- What was read out of documents and intel: document, indicator, pattern, rule.
CREATE TABLE IF NOT EXISTS extracts (
  what TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources(id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  json BLOB NOT NULL, PRIMARY KEY (what, source, ordinal)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS extracts_by_source ON extracts(source);

-- What the stages found: match, coverage, rules, trace, claim, finding, verdict.
CREATE TABLE IF NOT EXISTS results (
  what TEXT NOT NULL, ordinal INTEGER NOT NULL, id TEXT NOT NULL, json BLOB NOT NULL, PRIMARY KEY (what, ordinal)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS results_by_id ON results(what, id);

CREATE TABLE IF NOT EXISTS stages (stage TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY AUTOINCREMENT, json BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY AUTOINCREMENT, json BLOB NOT NULL);
