-- Grain:      one question of the brand's surveys that a current person answered
-- Sources:    touchpoint_identified, person_now
-- Definition: the person's latest answer, whichever source profile gave it; answers is how often they answered. A choice
--             is the id of what was chosen, a number is written in digits. Not of people who do not allow analytics.
-- Example:    SELECT answer, count() FROM profile_answer WHERE question = 'milk' GROUP BY answer

CREATE OR REPLACE VIEW footpath.profile_answer AS
SELECT
    coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), given.person_id) AS person_id,
    given.survey AS survey,
    given.question AS question,
    argMax(given.answer, (given.occurred_at, given.order)) AS answer,
    max(given.occurred_at) AS answered_at,
    count() AS answers
FROM
(
    SELECT
        if(source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), event.person_id, source_profile_id) AS profile,
        event.person_id AS person_id,
        JSONExtractString(event.properties, 'survey') AS survey,
        JSONExtractString(event.properties, 'question') AS question,
        JSONExtractString(event.properties, 'answer') AS answer,
        event.occurred_at AS occurred_at,
        event._key AS order
    FROM footpath.touchpoint_identified AS event FINAL
    WHERE event.type IN ('survey_answered', 'nps_answered')
        AND position(event.properties, '"question":') > 0
) AS given
LEFT JOIN footpath.person_now AS now ON now.person_id = given.profile
WHERE given.survey != '' AND given.question != '' AND given.answer != ''
GROUP BY person_id, survey, question
