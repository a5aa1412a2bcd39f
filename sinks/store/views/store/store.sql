-- Grain:      one store of the brand
-- Sources:    brand_configured, live_brand
-- Definition: stores as they were applied last, without those that were removed. time_zone is an IANA name; country that of
--             the store, else the brand's (ISO 3166). latitude and longitude (degrees) are null where the brand does not
--             say them. toString takes the time zone of each row, so toDate(toString(occurred_at, time_zone)) is the
--             store's own day and toMonday of that its week; view sale_by_day has them ready.
-- Example:    SELECT toMonday(toDate(toString(occurred_at, time_zone))) AS week, store, sum(own_revenue) FROM sale INNER
--             JOIN store USING (store) GROUP BY week, store ORDER BY week, store

CREATE OR REPLACE VIEW footpath.store AS
WITH (SELECT country FROM footpath.live_brand) AS brand_country
SELECT
    id AS store,
    JSONExtractString(argMax(body, _version) AS live, 'name') AS name,
    JSONExtractString(live, 'time_zone') AS time_zone,
    if(JSONExtractString(live, 'country') = '', brand_country, JSONExtractString(live, 'country')) AS country,
    JSONExtractString(live, 'region') AS region,
    JSONExtractString(live, 'hours') AS hours,
    JSONExtract(live, 'coordinates', 1, 'Nullable(Float64)') AS latitude,
    JSONExtract(live, 'coordinates', 2, 'Nullable(Float64)') AS longitude
FROM footpath.brand_configured
WHERE kind = 'store'
GROUP BY id
HAVING live != ''
