-- Grain:      one experiment that was ever applied
-- Sources:    brand_configured
-- Definition: what counts as a conversion, as it was stated last: events of one of the kinds within days of the first
--             exposure. is_live is whether the brand has the experiment now.
-- Example:    SELECT experiment, kinds, days FROM live_experiment WHERE is_live

CREATE OR REPLACE VIEW footpath.live_experiment AS
SELECT
    id AS experiment,
    argMaxIf(body, _version, body != '') AS stated,
    argMax(body, _version) != '' AS is_live,
    if(
        JSONHas(stated, 'metrics', 'kinds'),
        JSONExtract(stated, 'metrics', 'kinds', 'Array(String)'),
        ['sale']
    ) AS kinds,
    if(JSONHas(stated, 'metrics', 'days'), JSONExtractInt(stated, 'metrics', 'days'), 28) AS days
FROM footpath.brand_configured
WHERE kind = 'experiment'
GROUP BY id
