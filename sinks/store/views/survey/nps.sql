-- Grain:      one store and week with answers to an NPS question; answers given elsewhere have an empty store
-- Sources:    touchpoint_identified, person_now
-- Definition: a person counts once in a store and week for each question, with their latest answer there: promoters
--             answered 9 or 10, detractors 0 to 6. nps is the share of promoters less that of detractors, -100 to 100.
--             week is its Monday (UTC).
-- Example:    SELECT week, nps, answers FROM nps WHERE store = 'berlin-mitte' ORDER BY week

CREATE OR REPLACE VIEW footpath.nps AS
SELECT
    store,
    week,
    countIf(score >= 9) AS promoters,
    countIf(score BETWEEN 7 AND 8) AS passives,
    countIf(score <= 6) AS detractors,
    count() AS answers,
    100 * (promoters - detractors) / answers AS nps
FROM
(
    SELECT
        given.store AS store,
        toMonday(given.occurred_at) AS week,
        given.question AS question,
        coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), given.person_id) AS person,
        argMax(given.score, (given.occurred_at, given.order)) AS score
    FROM
    (
        SELECT
            if(source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), event.person_id, source_profile_id) AS profile,
            event.person_id AS person_id,
            event.store AS store,
            JSONExtractString(event.properties, 'question') AS question,
            toUInt8OrNull(JSONExtractString(event.properties, 'answer')) AS score,
            event.occurred_at AS occurred_at,
            event._key AS order
        FROM footpath.touchpoint_identified AS event FINAL
        WHERE event.type = 'nps_answered' AND position(event.properties, '"question":') > 0
    ) AS given
    LEFT JOIN footpath.person_now AS now ON now.person_id = given.profile
    WHERE given.question != '' AND given.score <= 10
    GROUP BY store, week, question, person
)
GROUP BY store, week
