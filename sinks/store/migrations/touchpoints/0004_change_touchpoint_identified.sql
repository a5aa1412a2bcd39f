-- Grain:     one touchpoint
-- Source:    table touchpoint_identified
-- Dedup key: as before
-- Retention: unlimited
--
-- Goods may be weighed, discounted and given back: quantities have fractions, and both they and amounts have a sign.

ALTER TABLE footpath.touchpoint_identified
    MODIFY COLUMN lines Array(Tuple(sku String, quantity Decimal(18, 6), amount Decimal(18, 6)))
        COMMENT 'Lines of a sale or return; quantity in units, amount in units of the currency, both negative where something goes back.';
