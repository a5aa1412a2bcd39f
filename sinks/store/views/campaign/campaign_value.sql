-- Grain:      one campaign and placement with a cost or a credit; and one row with placement * for the campaign as a
--             whole (is_whole = 1)
-- Sources:    campaign_figure
-- Definition: campaign_figure with * as the placement of a whole campaign. Do not sum over all rows: sum those with
--             is_whole = 0, or read campaign_total.
-- Example:    SELECT * FROM campaign_value(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.campaign_value AS
SELECT
    * EXCEPT (is_whole) REPLACE (if(is_whole, '*', placement) AS placement),
    is_whole
FROM footpath.campaign_figure(
    model = {model:String}, lookback_days = {lookback_days:Int64}, since = {since:String}, until = {until:String}
)
ORDER BY campaign, is_whole DESC, placement
