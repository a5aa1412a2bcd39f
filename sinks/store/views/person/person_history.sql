-- Grain:      one person with a touch, a sale or a return
-- Sources:    touch, superseded_touch, person_now, buyer, live_class, live_brand, named_return, excess_return
-- Definition: the touches and money of a person. entries are the touches and sales in the order of time; at equal
--             times touches come before sales, then event_id decides (as a number; ids that are not UUIDs by their
--             hash). Each entry is one number, because numbers sort several times faster than tuples: 55 bits of
--             microseconds since 1970 plus 2^52 (enough from 1900 to 2299), one for sale, 128 of _key, 64 of label, 6
--             of the type's position in the sorted touch types (0: no touch), and one each for direct and, again,
--             sale. revenues are the sales' amounts net of returns (defined in view sale), own_revenues
--             the same with 0 for currencies other than the brand's, sold the _version of their records, all in the same
--             order. Events without a person are one row for each store, with a zero person_id. Touches older than
--             lookback_days before since are left out. buyers_only = 1 leaves out people who cannot have bought, and
--             touches from until on. wanted = 0 reads nothing, touches = 0 reads no touches.
-- Example:    SELECT count() FROM person_history(by='channel', wanted=1, touches=1, buyers_only=1, lookback_days=90,
--             since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.person_history AS
WITH
    -- A duplicate row that ClickHouse has not merged yet gives two equal numbers; arrayCompact removes one.
    arrayCompact(arraySort(all_moves)) AS moves,
    move -> bitTest(toUInt8(bitShiftRight(move, 201)), 0) AS is_sale_of,
    arrayAll(move -> is_sale_of(move), moves) AS only_sales,
    move -> reinterpretAsInt64(bitXor(toUInt64(bitShiftRight(move, 9)), 0x8000000000000000)) AS flow_of,
    -- Only what is left over of returns needs an order: at equal times sales come first, small amounts before large.
    arraySort(
        move -> (bitShiftRight(move, 202), NOT is_sale_of(move), abs(flow_of(move)), move),
        if(only_sales, [], moves)
    ) AS mixed,
    arrayMap(move -> flow_of(move), if(only_sales, moves, mixed)) AS flows,
    arrayMap(move -> bitAnd(toUInt16(move), 0x1ff), mixed) AS currencies,
    arrayDistinct(currencies) AS distinct_currencies,
    -- For each currency, what the person has bought and not returned after each move; never below zero. A receipt that
    -- was negative as a whole counts as it is and takes no part.
    arrayMap(
        one -> arrayCumSumNonNegative(
            arrayMap(
                (flow, currency, move) -> if(
                    currency = one AND NOT (flow < 0 AND is_sale_of(move)), toDecimal128(flow, 0), toDecimal128(0, 0)
                ),
                flows, currencies, mixed
            )
        ),
        distinct_currencies
    ) AS levels_by_currency,
    -- Of a sale stays what later levels never fall below. The least of the levels from each one on is a running minimum
    -- of the reversed levels: what arrayCumSumNonNegative of their differences gives is how far each is above it.
    levels -> arrayReverse(
        arrayMap(
            (level, above) -> level - above,
            arrayReverse(levels),
            arrayCumSumNonNegative(
                arrayPushFront(arrayPopFront(arrayDifference(arrayReverse(levels))), toDecimal128(0, 0))
            )
        )
    ) AS least_from,
    arrayMap(
        (flow, left, move) -> if(flow < 0 AND is_sale_of(move), flow, toInt64(left)),
        flows,
        arrayReduce(
            'sumForEach',
            arrayMap(
                levels -> arrayMap(
                    (least, before) -> greatest(least - before, toDecimal128(0, 0)),
                    least_from(levels),
                    arrayPopBack(arrayPushFront(levels, toDecimal128(0, 0)))
                ),
                levels_by_currency
            )
        ),
        mixed
    ) AS kept,
    arrayFilter(move -> is_sale_of(move), mixed) AS mixed_sales,
    arrayMap(
        net -> reinterpret(net, 'Decimal(18, 6)'),
        if(
            only_sales, flows,
            arraySort((net, move) -> move, arrayFilter((net, move) -> is_sale_of(move), kept, mixed), mixed_sales)
        )
    ) AS nets
SELECT
    person_id,
    arrayCompact(arraySort(all_entries)) AS entries,
    nets AS revenues,
    arrayMap(
        (net, move) -> if(all_are_own OR bitAnd(toUInt16(move), 0x1ff) = 1, net, toDecimal64(0, 6)),
        nets,
        if(only_sales, moves, arraySort(mixed_sales))
    ) AS own_revenues,
    arrayCompact(arraySort(all_sold)).2 AS sold
FROM
(
    SELECT
        coalesce(
            nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')),
            event.person_id
        ) AS person_id,
        groupArrayIf(
            place + toUInt256(label) * 256 + toUInt8(kind + is_sale),
            is_sale OR kind != 0
        ) AS all_entries,
        -- One number as well, for the same reason: place without its highest bit, which is 0, 64 bits of the amount
        -- with its sign turned over, 9 of the currency's place, the brand's being the first.
        groupArrayIf(
            place * 2 + toUInt256(bitXor(reinterpretAsUInt64(flow), 0x8000000000000000)) * 512 + currency_number,
            is_money
        ) AS all_moves,
        groupArrayIf(
            (place, _version),
            is_sale
        ) AS all_sold,
        any(brand_has_no_currency) AS all_are_own
    FROM
    (
        WITH
            -- As few scalar queries as possible: ClickHouse runs each while it plans, again at every level of views.
            (
                SELECT (
                    arrayConcat([toUInt64(0)], groupArray(class)),
                    arrayConcat([toUInt8(0)], groupArray(toUInt8(type_number * 4 + (channel = 'direct') * 2)))
                )
                FROM
                (
                    SELECT class, channel, dense_rank() OVER (ORDER BY type) AS type_number
                    FROM footpath.live_class
                    WHERE is_touch
                )
            ) AS classes,
            (
                SELECT arrayConcat([(SELECT currency FROM footpath.live_brand)], arraySort(groupUniqArray(currency)))
                FROM footpath.touch
                WHERE {wanted:UInt8} AND is_money
            ) AS currencies,
            (
                SELECT (since, until)
                FROM footpath.period(since = {since:String}, until = {until:String}, days = {lookback_days:Int64})
            ) AS period
        SELECT
            *,
            type = 'sale' AS is_sale,
            currencies[1] = '' AS brand_has_no_currency,
            -- 2^200 and 2^72.
            toUInt256((toUnixTimestamp64Micro(occurred_at) + toInt64(exp2(52))) * 2 + is_sale)
                * toUInt256('1606938044258990275541962092341162602522202993782792835301376')
                + toUInt256(_key) * toUInt256('4722366482869645213696') AS place,
            if(is_money, toUInt16(indexOf(currencies, currency) % 512), 0) AS currency_number,
            multiIf(
                {by:String} = 'store', sipHash64(store),
                {by:String} = 'tag', sipHash64(tag),
                {by:String} = 'everything', sipHash64(class, store, tag),
                class
            ) AS label,
            -- 6 bits of the number of the type among the sorted types of touches, one for direct, an empty one.
            transform(class, classes.1, classes.2, toUInt8(0)) AS kind
        FROM
        (
            SELECT
                is_money, source_profile_id, person_id, occurred_at, _key, class, type, store, tag, _version,
                amount, currency, event_id, toDecimal64(0, 6) AS flow
            FROM footpath.touch
            WHERE {wanted:UInt8} AND {touches:UInt8}
                AND NOT is_money
                AND transform(class, classes.1, classes.2, toUInt8(0)) != 0
                -- By a hash: a set of small numbers is twice as fast, and a profile that is in it by collision does no harm.
                AND ({buyers_only:UInt8} = 0 OR joined OR cityHash64(source_profile_id) IN (
                    SELECT cityHash64(source_profile_id)
                    FROM footpath.buyer(wanted = ({wanted:UInt8} AND {touches:UInt8} AND {buyers_only:UInt8}))
                ))
                AND occurred_at >= period.1 - toIntervalDay({lookback_days:Int64})
                AND ({buyers_only:UInt8} = 0 OR occurred_at < period.2)

            UNION ALL

            SELECT
                event.is_money, event.source_profile_id, event.person_id, event.occurred_at, event._key, event.class,
                event.type, event.store, event.tag, event._version, event.amount, event.currency, event.event_id,
                toDecimal64(
                    multiIf(
                        event.type = 'return', -event.amount,
                        event.amount <= 0, event.amount,
                        greatest(event.amount - returned.amount, 0)
                    ),
                    6
                ) AS flow
            FROM footpath.touch AS event
            LEFT ANY JOIN
            (
                SELECT related_event_id, currency, sum(amount) AS amount
                FROM footpath.named_return(wanted = {wanted:UInt8})
                GROUP BY related_event_id, currency
            ) AS returned ON returned.related_event_id = event.event_id AND returned.currency = event.currency
            WHERE {wanted:UInt8}
                AND event.is_money
                AND (event.type = 'sale' OR event.related_event_id = '')

            UNION ALL

            SELECT
                true AS is_money, source_profile_id, person_id, occurred_at, _key, toUInt64(0) AS class, 'return' AS type,
                store, '' AS tag, _version, amount, currency, event_id, -excess AS flow
            FROM footpath.excess_return(wanted = {wanted:UInt8})
        )
        WHERE _version NOT IN (SELECT _version FROM footpath.superseded_touch(wanted = {wanted:UInt8}))
    ) AS event
    LEFT ANY JOIN footpath.person_now AS now ON now.person_id = event.source_profile_id
    -- What has no person is the store's.
    GROUP BY person_id, if(person_id = toUUID('00000000-0000-0000-0000-000000000000'), event.store, '')
)
