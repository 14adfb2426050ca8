-- Moments are microseconds since 1970 (UTC); slots are seconds. Money is pico-USD; sums,
-- which may pass 64 bits, are whole USD and a rest in pico-USD from 0 to below 10^12.

-- Facts about the ledger itself, by name.
CREATE TABLE meta (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta VALUES ('identity', lower(hex(randomblob(16))));

-- Every name there is, once: records hold numbers.
CREATE TABLE name (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- What roll-ups are kept by. `tag` is the empty name in the series of all records, and
-- "project=x" in those of the records that bear that tag.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  tag INTEGER NOT NULL REFERENCES name,
  key INTEGER NOT NULL REFERENCES name,
  team INTEGER NOT NULL REFERENCES name,
  model INTEGER NOT NULL REFERENCES name,
  provider INTEGER NOT NULL REFERENCES name,
  target INTEGER NOT NULL REFERENCES name,
  UNIQUE (tag, key, team, model, provider, target)
) STRICT;

-- One row per attempt, and one more for each correction of it (revision 1 and on), which
-- stands in for the rows before. Never changed; `hash` covers the row and the one before.
CREATE TABLE record (
  id INTEGER PRIMARY KEY,           -- place in the chain, without gaps
  request ANY NOT NULL,             -- 32 hexadecimal digits as 16 bytes; else as text
  attempt INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  series INTEGER NOT NULL REFERENCES series,
  started INTEGER NOT NULL,
  duration INTEGER NOT NULL,
  first_content INTEGER,
  operation INTEGER NOT NULL,       -- 0 chat, 1 completions, 2 embeddings
  streamed INTEGER NOT NULL,
  outcome INTEGER NOT NULL,         -- 0 ok, 1 failed, 2 truncated, 3 client_left, 4 stopped, 5 interrupted
  maybe_billed INTEGER NOT NULL,
  error INTEGER REFERENCES name,
  overrun INTEGER NOT NULL,
  client_gone INTEGER,              -- 0 cancel, 1 drain
  upstream_model INTEGER NOT NULL REFERENCES name,
  upstream_id TEXT NOT NULL,
  tags INTEGER NOT NULL REFERENCES name,
  prompt INTEGER,
  cached_read INTEGER,
  cached_write INTEGER,
  audio_input INTEGER,
  image_input INTEGER,
  completion INTEGER,
  reasoning INTEGER,
  audio_output INTEGER,
  token_source INTEGER NOT NULL,    -- 0 reported, 1 priced, 2 estimated, 3 unknown
  suspect INTEGER NOT NULL,
  reported_cost INTEGER,
  reported_cost_text TEXT NOT NULL,
  price_variant INTEGER NOT NULL REFERENCES name,
  cost INTEGER,
  cost_source INTEGER NOT NULL,     -- as token_source
  priced INTEGER,
  hash BLOB NOT NULL,
  UNIQUE (request, attempt, revision)
) STRICT;

CREATE INDEX record_started ON record (started);

-- Sums of records by the moment they started, in slots of 900, 3600 and 86400 seconds.
-- Token buckets add up: every token stands in exactly one.
CREATE TABLE rollup (
  tagged INTEGER NOT NULL,          -- whether its series are those of a tag
  span INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  series INTEGER NOT NULL REFERENCES series,
  attempts INTEGER NOT NULL,
  requests INTEGER NOT NULL,        -- first attempts
  unknown_costs INTEGER NOT NULL,
  prompt INTEGER NOT NULL,
  cached_read INTEGER NOT NULL,
  cached_write INTEGER NOT NULL,
  audio_input INTEGER NOT NULL,
  image_input INTEGER NOT NULL,
  completion INTEGER NOT NULL,
  reasoning INTEGER NOT NULL,
  audio_output INTEGER NOT NULL,
  reported_usd INTEGER NOT NULL,
  reported_pico INTEGER NOT NULL,
  priced_usd INTEGER NOT NULL,
  priced_pico INTEGER NOT NULL,
  estimated_usd INTEGER NOT NULL,
  estimated_pico INTEGER NOT NULL,
  PRIMARY KEY (tagged, span, slot, series)
) STRICT, WITHOUT ROWID;

-- The same for whoever has a budget: 0 the gateway, 1 a team, 2 a key.
CREATE TABLE account_sum (
  kind INTEGER NOT NULL,
  name INTEGER NOT NULL REFERENCES name,
  span INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  usd INTEGER NOT NULL,
  pico INTEGER NOT NULL,
  PRIMARY KEY (kind, name, span, slot)
) STRICT, WITHOUT ROWID;

-- Where the chain begins since older records were replaced by their sums: the last row
-- that is gone, its hash, and the latest moment among all that are.
CREATE TABLE checkpoint (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  through INTEGER NOT NULL
) STRICT;
