-- Grain:      one day of one store, channel and currency with a sale
-- Sources:    sale, store
-- Definition: day is the day of the sale in the time zone of its store (view store); that of all stores where they share
--             one, else UTC, for sales without a store and of stores that the brand does not have. time_zone says which. toMonday(day)
--             is the week, toStartOfMonth(day) the month. sales, returned (those of which nothing is left) and revenue,
--             which is net of returns, are of the sales of the day, whenever goods came back; buyers are its people.
--             own_revenue is 0 in currencies other than the brand's.
-- Example:    SELECT toMonday(day) AS week, store, sum(sales), sum(own_revenue) FROM sale_by_day GROUP BY week, store
--             ORDER BY week, store

CREATE OR REPLACE VIEW footpath.sale_by_day AS
WITH (SELECT if(uniqExact(time_zone) = 1, any(time_zone), 'UTC') FROM footpath.store) AS common_zone
SELECT
    toDate(toString(sold.occurred_at, time_zone)) AS day,
    sold.store AS store,
    sold.channel AS channel,
    sold.currency AS currency,
    if(place.time_zone = '', common_zone, place.time_zone) AS time_zone,
    count() AS sales,
    countIf(sold.revenue = 0 AND sold.amount != 0) AS returned,
    uniqExactIf(sold.person_id, sold.person_id != toUUID('00000000-0000-0000-0000-000000000000')) AS buyers,
    sum(sold.revenue) AS revenue,
    sum(sold.own_revenue) AS own_revenue
FROM footpath.sale AS sold
LEFT ANY JOIN footpath.store AS place ON place.store = sold.store
GROUP BY day, store, channel, currency, time_zone
