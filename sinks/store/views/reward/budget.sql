-- Grain:      one limit over all people: a campaign with a budget or claims, a pool of coupons, a draw with entries
-- Sources:    brand_configured, budget_claimed, budget_answered
-- Definition: size is what the brand says now, NULL where it says nothing. granted are units that claims ever got,
--             released those of them that went back; left is what can still be granted. waiting are units of claims that
--             have no answer yet; refused are claims that came when nothing was left, or after the limit was closed.
-- Example:    SELECT `limit`, size, left, waiting FROM budget ORDER BY left

CREATE OR REPLACE VIEW footpath.budget AS
SELECT
    `limit`,
    max(known.size) AS size,
    sum(known.granted) AS granted,
    sum(known.released) AS released,
    size - granted + released AS left,
    sum(known.waiting) AS waiting,
    sum(known.refused) AS refused
FROM
(
    SELECT
        concat(if(kind = 'campaign', 'campaign/', 'pool/'), id) AS `limit`,
        JSONExtract(argMax(body, _version), if(kind = 'campaign', 'budget_points', 'size'), 'Nullable(Int64)') AS size,
        toInt64(0) AS granted,
        toInt64(0) AS released,
        toInt64(0) AS waiting,
        toInt64(0) AS refused
    FROM footpath.brand_configured
    WHERE kind IN ('campaign', 'coupon_pool')
    GROUP BY kind, id
    HAVING argMax(body, _version) != '' AND size IS NOT NULL
    UNION ALL
    SELECT
        `limit`,
        CAST(NULL, 'Nullable(Int64)') AS size,
        sum(of_claim.got) AS granted,
        sum(if(of_claim.releases > 0, greatest(of_claim.got - of_claim.kept, 0), 0)) AS released,
        sum(if(of_claim.answers = 0, of_claim.wanted, 0)) AS waiting,
        toInt64(countIf(of_claim.answers > 0 AND NOT of_claim.is_granted)) AS refused
    FROM
    (
        SELECT
            `limit`,
            claim_id,
            toInt64(max(one.got)) AS got,
            max(one.is_granted) AS is_granted,
            sum(one.is_answer) AS answers,
            sum(one.is_release) AS releases,
            minIf(one.units, one.is_release) AS kept,
            maxIf(one.units, one.is_claim) AS wanted
        FROM
        (
            SELECT
                `limit`,
                claim_id,
                units,
                action = 'claim' AS is_claim,
                action = 'release' AS is_release,
                false AS is_answer,
                false AS is_granted,
                toInt64(0) AS got
            FROM footpath.budget_claimed
            WHERE action IN ('claim', 'release')
            UNION ALL
            SELECT
                `limit`,
                claim_id,
                units,
                false AS is_claim,
                false AS is_release,
                true AS is_answer,
                outcome = 'granted' AS is_granted,
                units AS got
            FROM footpath.budget_answered
        ) AS one
        GROUP BY `limit`, claim_id
    ) AS of_claim
    GROUP BY `limit`
) AS known
GROUP BY `limit`
