-- Grain:      one row: the period that a query asks for
-- Sources:    none
-- Definition: since and until as times, for the views that take them as text. Both are a date or a time of ISO 8601
--             in UTC ('2026-03-01', '2026-03-01 18:00', '2026-03-01T18:00:00.5Z'), with an offset
--             ('2026-03-01T18:00+01:00'), or with the name of a time zone ('2026-03-01 Europe/Berlin'). Anything else
--             is an error, as is a since that does not lie before until, and a number of days that is not from 0 to
--             150000.
-- Example:    SELECT * FROM period(since='2026-03-01 Europe/Berlin', until='2026-04-01 Europe/Berlin', days=90)

CREATE OR REPLACE VIEW footpath.period AS
WITH
    concat(
        '^[0-9]{4}-[0-9]{2}-[0-9]{2}',
        '([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?)?',
        '(Z|[+-][0-9]{2}:[0-9]{2}| [A-Z][A-Za-z0-9_+/-]+)?$'
    ) AS iso_8601,
    ' ([A-Z][A-Za-z0-9_+/-]+)$' AS zone_name,
    if(
        match({since:String}, iso_8601),
        parseDateTime64BestEffortOrNull(
            replaceRegexpOne({since:String}, zone_name, ''), 6,
            if(match({since:String}, zone_name), extract({since:String}, zone_name), 'UTC')
        ),
        NULL
    ) AS begins,
    if(
        match({until:String}, iso_8601),
        parseDateTime64BestEffortOrNull(
            replaceRegexpOne({until:String}, zone_name, ''), 6,
            if(match({until:String}, zone_name), extract({until:String}, zone_name), 'UTC')
        ),
        NULL
    ) AS ends
SELECT
    toTimeZone(assumeNotNull(begins), 'UTC') AS since,
    toTimeZone(assumeNotNull(ends), 'UTC') AS until
WHERE NOT throwIf(
        isNull(begins),
        concat('since must be a date or a time such as 2026-03-01 or 2026-03-01 18:00 Europe/Berlin, not ', {since:String})
    )
    AND NOT throwIf(
        isNull(ends),
        concat('until must be a date or a time such as 2026-03-01 or 2026-03-01 18:00 Europe/Berlin, not ', {until:String})
    )
    AND NOT throwIf(ifNull(begins >= ends, false), concat('since ', {since:String}, ' must lie before until ', {until:String}))
    AND NOT throwIf({days:Int64} NOT BETWEEN 0 AND 150000, 'lookback_days and horizon_days must be from 0 to 150000')
