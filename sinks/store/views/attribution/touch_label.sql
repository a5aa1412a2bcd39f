-- Grain:      one label of touches in the dimension by
-- Sources:    live_class, touch
-- Definition: a label is a number that stands for a value while paths are processed: for store and tag the SipHash of
--             their name, for everything else the class. Several classes may have one value. by is channel, campaign,
--             placement, store, tag, or campaign_placement, both joined by the unit separator char(31).
-- Example:    SELECT * FROM touch_label(by='campaign')

CREATE OR REPLACE VIEW footpath.touch_label AS
SELECT
    class AS label,
    multiIf(
        {by:String} = 'channel', channel,
        {by:String} = 'campaign', campaign,
        {by:String} = 'placement', placement,
        concat(campaign, char(31), placement)
    ) AS value
FROM footpath.live_class
WHERE {by:String} NOT IN ('store', 'tag')

UNION ALL

SELECT DISTINCT
    sipHash64(if({by:String} = 'store', store, tag)) AS label,
    toString(if({by:String} = 'store', store, tag)) AS value
FROM footpath.touch
WHERE {by:String} IN ('store', 'tag')
