-- The last row whose hash is of the wide form (gateway/ledger/chain.h): those behind it are hashed
-- over fewer bytes.
INSERT OR IGNORE INTO meta
SELECT 'compact_links_after',
       CAST(max(ifnull((SELECT max(id) FROM record), 0),
                ifnull((SELECT max(id) FROM checkpoint), 0)) AS TEXT);
