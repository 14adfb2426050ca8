-- Sums of slots that ended long ago, those of many series in one value (gateway/ledger/packed_sums.h),
-- which a report reads many times quicker than as many rows. They add to those in `rollup`,
-- which has what was not packed yet and what came for the same slots later.
CREATE TABLE packed_rollup (
  id INTEGER PRIMARY KEY,
  tagged INTEGER NOT NULL,
  span INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  sums BLOB NOT NULL
) STRICT;

CREATE INDEX packed_rollup_slot ON packed_rollup (tagged, span, slot);
