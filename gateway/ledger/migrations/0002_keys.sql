-- Virtual keys. Of a secret nothing is kept but its SHA-256 and a hint of eight digits. Times
-- are microseconds since 1970.
CREATE TABLE virtual_key (
  id           TEXT PRIMARY KEY NOT NULL,
  name         TEXT NOT NULL UNIQUE,
  settings     TEXT NOT NULL,      -- JSON, gateway/keys/key_json.h
  enabled      INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  last_used_at INTEGER,
  version      INTEGER NOT NULL,
  made_for     TEXT UNIQUE         -- the Idempotency-Key of the request that made it
) STRICT;

CREATE TABLE key_secret (
  digest     BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
  key        TEXT NOT NULL REFERENCES virtual_key (id) ON DELETE CASCADE,
  hint       TEXT NOT NULL,
  made_at    INTEGER NOT NULL,
  good_until INTEGER               -- NULL: not replaced
) STRICT, WITHOUT ROWID;
CREATE INDEX key_secret_by_key ON key_secret (key);

-- Who changed what: nothing is ever taken out.
CREATE TABLE audit_log (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  at      INTEGER NOT NULL,
  who     TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,           -- a key's id
  before  TEXT,                    -- JSON; NULL: it was made
  after   TEXT                     -- JSON; NULL: it is gone
) STRICT;
