-- Grain:      one campaign with a cost or a credit
-- Sources:    campaign_figure
-- Definition: the figures of each campaign as a whole over all time, by the model linear with a look-back of 90 days; one
--             row a campaign, so that sums are right. campaign_figure defines them, and gives them by placement, for any
--             model, look-back and period.
-- Example:    SELECT sum(cost), sum(conversions), sum(revenue) FROM campaign_total

CREATE OR REPLACE VIEW footpath.campaign_total AS
SELECT * EXCEPT (is_whole, placement)
FROM footpath.campaign_figure(model = 'linear', lookback_days = 90, since = '1900-01-01', until = '2299-12-31')
WHERE is_whole
