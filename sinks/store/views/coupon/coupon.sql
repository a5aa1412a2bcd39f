-- Grain:      one coupon
-- Sources:    coupon_changed, person_now
-- Definition: state is the one of the latest change. person_id is the current person of who earned it, zero for a coupon
--             of nobody. discount and sale are those of the use that it has now.
-- Example:    SELECT pool, state, count() FROM coupon GROUP BY pool, state

CREATE OR REPLACE VIEW footpath.coupon AS
SELECT
    latest.code AS code,
    latest.pool AS pool,
    latest.ordinal AS ordinal,
    latest.state AS state,
    latest.reason AS reason,
    latest.occurred_at AS changed_at,
    coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), latest.source_profile_id) AS person_id,
    latest.rule AS rule,
    latest.campaign AS campaign,
    latest.store AS store,
    latest.sale_event_id AS sale_event_id,
    latest.sale_namespace AS sale_namespace,
    latest.discount AS discount,
    latest.currency AS currency,
    latest.expires_at AS expires_at
FROM
(
    SELECT *
    FROM footpath.coupon_changed FINAL
    WHERE reason != 'double_redemption' AND NOT startsWith(reason, 'offline_')
    ORDER BY version DESC
    LIMIT 1 BY code
) AS latest
LEFT JOIN footpath.person_now AS now ON now.person_id = latest.source_profile_id
