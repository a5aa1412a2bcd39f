-- Grain:      one referral: a personal link that somebody followed
-- Sources:    referral_changed, person_now
-- Definition: who recommended whom, both as current people, zero where somebody is erased. state is what the friend's
--             account said last (linked, waiting, withdrawn), and once the purchase was kept what the referrer's decided:
--             paid, blocked or reversed, with its reason. points are the referrer's while it is paid. qualified_at is
--             when the friend bought, NULL as long as they have not.
-- Example:    SELECT state, reason, count() FROM referral GROUP BY state, reason ORDER BY state, reason

CREATE OR REPLACE VIEW footpath.referral AS
WITH toUUID('00000000-0000-0000-0000-000000000000') AS nobody
SELECT
    latest.referral_id AS referral_id,
    coalesce(nullIf(one.current_person_id, nobody), latest.referrer) AS referrer_person_id,
    coalesce(nullIf(other.current_person_id, nobody), latest.friend) AS friend_person_id,
    if(latest.claim.1 = 'kept' AND latest.answer.1 != '', latest.answer.1, latest.claim.1) AS state,
    if(latest.claim.1 = 'kept' AND latest.answer.1 != '', latest.answer.2, latest.claim.2) AS reason,
    if(latest.claim.1 = 'kept' AND latest.answer.1 = 'paid', latest.points, 0) AS points,
    latest.rule AS rule,
    if(latest.claim.3 = 0, NULL, fromUnixTimestamp64Micro(latest.claim.3, 'UTC')) AS qualified_at,
    latest.claim.4 AS qualifying_event_id,
    latest.claim.5 AS qualifying_namespace,
    latest.changed_at AS changed_at
FROM
(
    SELECT
        referral_id,
        argMax(referrer_profile_id, step.version) AS referrer,
        argMax(friend_profile_id, step.version) AS friend,
        argMaxIf(
            (step.state, step.reason, step.qualified_at, step.qualifying_event_id, step.qualifying_namespace),
            step.version,
            step.state IN ('linked', 'waiting', 'kept', 'withdrawn')
        ) AS claim,
        argMaxIf((step.state, step.reason), step.version, step.state IN ('paid', 'blocked', 'reversed')) AS answer,
        max(step.points) AS points,
        max(step.rule) AS rule,
        max(step.inserted_at) AS changed_at
    FROM footpath.referral_changed AS step FINAL
    WHERE state != 'forgotten'
    GROUP BY referral_id
) AS latest
LEFT JOIN footpath.person_now AS one ON one.person_id = latest.referrer
LEFT JOIN footpath.person_now AS other ON other.person_id = latest.friend
