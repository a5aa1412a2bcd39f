-- Grain:      one decision that knew of the purpose personalisation, by its brand or by a word of its visitor
-- Sources:    scan_routed
-- Definition: consent says why the visitor's history counted (granted, opt_out) or did not (withdrawn, gpc, forgotten,
--             opt_in), as of the time of the scan; with_history is whether it did.
-- Example:    SELECT consent, count() FROM routed_consent GROUP BY consent

CREATE OR REPLACE VIEW footpath.routed_consent AS
SELECT
    scan_event_id,
    occurred_at,
    tag,
    store,
    route,
    JSONExtractString(inputs, 'consent') AS consent,
    consent IN ('granted', 'opt_out') AS with_history
FROM footpath.scan_routed FINAL
WHERE position(inputs, '"consent":"') > 0
