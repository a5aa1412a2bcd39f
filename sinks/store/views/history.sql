-- Grain:      one person with a touch or with money
-- Sources:    touch, lost_touch, person_now, buyer, live_class
-- Definition: what a person did. entries are the touches and sales in the order of time; equal times are ordered by
--             event_id (as a number; ids that are no UUIDs by their hash). Each is one number, for numbers sort several
--             times faster than tuples: 56 bits of microseconds since 1970 plus 2^55, 128 of _key, 64 of label, 6 of
--             the type's place in the sorted types of touches (0: no touch), and one each for direct and sale. revenues
--             are the sales' amounts net of returns (as view sale says), sold is the rest of view sale, both in the
--             same order. Touches older than lookback_days before since are left out. buyers_only = 1 leaves out
--             whoever surely never bought, and touches from until on. Nothing is read with wanted = 0, no touches with
--             touches = 0.
-- Example:    SELECT count() FROM history(by='channel', wanted=1, touches=1, buyers_only=1, lookback_days=90,
--             since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.history AS
WITH
    -- A record that was stored twice and is not yet merged is twice the same.
    arrayCompact(arraySort(all_moves)) AS moves,
    arrayMap(
        move -> reinterpretAsInt64(bitXor(toUInt64(bitShiftRight(move, 8)), 0x8000000000000000)), moves
    ) AS flows,
    arrayAll(move -> bitTest(toUInt8(move), 0), moves) AS only_sales,
    -- Only who brings something back without saying from which sale needs the order of time:
    -- what the person has bought and not returned after each of them; never below zero.
    arrayCumSumNonNegative(if(only_sales, [], arrayMap(flow -> toDecimal128(flow, 0), flows))) AS levels,
    -- Of a sale stays what later ones never fall below.
    arrayMap(
        n -> toInt64(greatest(arrayMin(arraySlice(levels, n)) - if(n = 1, 0, levels[n - 1]), 0)),
        arrayEnumerate(levels)
    ) AS kept
SELECT
    person_id,
    arrayCompact(arraySort(all_entries)) AS entries,
    arrayMap(
        net -> reinterpret(net, 'Decimal(18, 6)'),
        if(only_sales, flows, arrayFilter((net, move) -> bitTest(toUInt8(move), 0), kept, moves))
    ) AS revenues,
    arrayCompact(arraySort(all_sold)) AS sold
FROM
(
    SELECT
        coalesce(
            nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')),
            event.person_id
        ) AS person_id,
        groupArrayIf(
            place + toUInt256(label) * 256 + type_number * 4 + is_direct * 2 + is_sale,
            is_sale OR type_number != 0
        ) AS all_entries,
        -- One number as well, for the same reason: 64 bits of the amount with its sign turned over, one for sale.
        groupArrayIf(
            place + toUInt256(bitXor(reinterpretAsUInt64(flow), 0x8000000000000000)) * 256 + is_sale, is_money
        ) AS all_moves,
        groupArrayIf(
            CAST(
                (place, event_id, occurred_at, _key, amount, currency, class),
                'Tuple(
                    place UInt256, event_id String, occurred_at DateTime64(6, \'UTC\'), _key UInt128,
                    amount Decimal(18, 6), currency String, class UInt64)'
            ),
            is_sale
        ) AS all_sold
    FROM
    (
        WITH
            (SELECT arraySort(groupUniqArray(type)) FROM footpath.live_class WHERE is_touch) AS types
        SELECT
            *,
            -- 2^200 and 2^72.
            toUInt256(toUnixTimestamp64Micro(occurred_at) + toInt64(exp2(55)))
                * toUInt256('1606938044258990275541962092341162602522202993782792835301376')
                + toUInt256(_key) * toUInt256('4722366482869645213696') AS place,
            type = 'sale' AS is_sale,
            multiIf({by:String} = 'store', sipHash64(store), {by:String} = 'tag', sipHash64(tag), class) AS label,
            if(
                class IN (SELECT class FROM footpath.live_class WHERE is_touch),
                transform(type, types, arrayEnumerate(types), 0), 0
            ) AS type_number,
            class IN (SELECT class FROM footpath.live_class WHERE is_touch AND channel = 'direct') AS is_direct
        FROM
        (
            SELECT
                is_money, own_person_id, person_id, occurred_at, _key, class, type, store, tag, _version,
                amount, currency, event_id, toDecimal64(0, 6) AS flow
            FROM footpath.touch
            WHERE {wanted:UInt8} AND {touches:UInt8}
                AND NOT is_money
                AND class IN (SELECT class FROM footpath.live_class WHERE is_touch)
                -- By a hash, for a set of small numbers is twice as fast, and who is in it by chance does no harm.
                AND ({buyers_only:UInt8} = 0 OR joined OR cityHash64(own_person_id) IN (
                    SELECT cityHash64(own_person_id)
                    FROM footpath.buyer(wanted = ({wanted:UInt8} AND {touches:UInt8} AND {buyers_only:UInt8}))
                ))
                AND occurred_at
                    >= parseDateTime64BestEffort({since:String}, 6, 'UTC') - toIntervalDay({lookback_days:UInt32})
                AND ({buyers_only:UInt8} = 0 OR occurred_at < parseDateTime64BestEffort({until:String}, 6, 'UTC'))

            UNION ALL

            SELECT
                event.is_money, event.own_person_id, event.person_id, event.occurred_at, event._key, event.class,
                event.type, event.store, event.tag, event._version, event.amount, event.currency, event.event_id,
                toDecimal64(
                    if(event.type = 'sale', greatest(event.amount - returned.amount, 0), -event.amount), 6
                ) AS flow
            FROM footpath.touch AS event
            LEFT ANY JOIN footpath.named_return(wanted = {wanted:UInt8}) AS returned
                ON returned.related_event_id = event.event_id
            WHERE {wanted:UInt8}
                AND event.is_money
                AND (event.type = 'sale' OR event.related_event_id = '')
        )
        WHERE _version NOT IN (SELECT _version FROM footpath.lost_touch(wanted = {wanted:UInt8}))
    ) AS event
    LEFT ANY JOIN footpath.person_now AS now ON now.person_id = event.own_person_id
    GROUP BY person_id
)
