-- Grain:      one channel
-- Sources:    attribution_by
-- Definition: every sale of the period shares one conversion, and its revenue net of returns, among the channels of its
--             path; without any touch it goes to channel direct. attribution_by says what the models are, and asks the
--             same by campaign, placement, store or tag.
-- Example:    SELECT * FROM attribution(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.attribution AS
SELECT
    value AS channel,
    conversions,
    revenue
FROM footpath.attribution_by(
    by = 'channel', model = {model:String}, lookback_days = {lookback_days:UInt32},
    since = {since:String}, until = {until:String}
)
