-- Grain:      one channel
-- Sources:    attribution_by
-- Definition: every sale of the period distributes one conversion, and its revenue net of returns, over the channels of
--             its path; without any touch it goes to channel direct. attribution_by defines the models and gives the
--             same by campaign, placement, store or tag.
-- Example:    SELECT * FROM attribution(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.attribution AS
SELECT
    value AS channel,
    conversions,
    revenue
FROM footpath.attribution_by(
    by = 'channel', model = {model:String}, lookback_days = {lookback_days:Int64},
    since = {since:String}, until = {until:String}
)
