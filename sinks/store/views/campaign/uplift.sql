-- Grain:      one row, always
-- Sources:    holdout, sale
-- Definition: the effect of the decisions: people with decisions (answered) compared with people in the hold-out. A
--             person counts who had a decision in since <= time < until while there was a hold-out; people with
--             decisions of both kinds (after a merge, or a change of the salt or share) are left out and counted in
--             mixed_people. A buyer bought something within horizon_days after the first of these decisions, or at its
--             very time (a touch comes before a sale); revenue is that of those sales in the brand's currency, net of
--             returns, per person, buyer or not. A horizon that is not over yet counts as far as it has passed, for
--             both groups alike. Intervals are of 95 %. Rates: Wilson (Probable inference, 1927); difference of rates:
--             Newcombe (Interval estimation for the difference between independent proportions, 1998, method 10); lift,
--             the ratio of rates less 1: Katz and others (Obtaining confidence intervals for the risk ratio in cohort
--             studies, 1978), null unless both groups have buyers; difference of revenue: Welch (The generalization of
--             Student's problem, 1947). n are answered_people and held_out_people. A value is null when there are too
--             few people to compute it.
-- Example:    SELECT difference, difference_low, difference_high, answered_people, held_out_people FROM
--             uplift(since='2026-01-01', until='2027-01-01', horizon_days=28)

CREATE OR REPLACE VIEW footpath.uplift AS
WITH
    (
        SELECT (since, until)
        FROM footpath.period(since = {since:String}, until = {until:String}, days = {horizon_days:Int64})
    ) AS period,
    1.959963984540054 AS z,
    (k, n, side) -> if(
        n = 0,
        NULL,
        greatest(0, least(1, (k / n + z * z / (2 * n) + side * z * sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n))) / (1 + z * z / n)))
    ) AS wilson,
    sqrt(1 / answered_buyers - 1 / answered_people + 1 / held_out_buyers - 1 / held_out_people) AS log_error
SELECT
    answered_people,
    held_out_people,
    mixed_people,
    answered_buyers,
    held_out_buyers,
    if(answered_people = 0, NULL, answered_buyers / answered_people) AS answered_rate,
    wilson(answered_buyers, answered_people, -1) AS answered_low,
    wilson(answered_buyers, answered_people, 1) AS answered_high,
    if(held_out_people = 0, NULL, held_out_buyers / held_out_people) AS held_out_rate,
    wilson(held_out_buyers, held_out_people, -1) AS held_out_low,
    wilson(held_out_buyers, held_out_people, 1) AS held_out_high,
    answered_rate - held_out_rate AS difference,
    difference - sqrt(pow(answered_rate - answered_low, 2) + pow(held_out_high - held_out_rate, 2)) AS difference_low,
    difference + sqrt(pow(answered_high - answered_rate, 2) + pow(held_out_rate - held_out_low, 2)) AS difference_high,
    if(answered_buyers = 0 OR held_out_buyers = 0, NULL, answered_rate / held_out_rate - 1) AS lift,
    (lift + 1) * exp(-z * log_error) - 1 AS lift_low,
    (lift + 1) * exp(z * log_error) - 1 AS lift_high,
    if(answered_people = 0, NULL, answered_total / answered_people) AS answered_revenue,
    if(held_out_people = 0, NULL, held_out_total / held_out_people) AS held_out_revenue,
    answered_revenue - held_out_revenue AS revenue_difference,
    if(isFinite(welch.3), welch.3, NULL) AS revenue_difference_low,
    if(isFinite(welch.4), welch.4, NULL) AS revenue_difference_high
FROM
(
    SELECT
        countIf(NOT mixed AND NOT held_out) AS answered_people,
        countIf(NOT mixed AND held_out) AS held_out_people,
        countIf(mixed) AS mixed_people,
        countIf(NOT mixed AND NOT held_out AND sales > 0) AS answered_buyers,
        countIf(NOT mixed AND held_out AND sales > 0) AS held_out_buyers,
        sumIf(spent, NOT mixed AND NOT held_out) AS answered_total,
        sumIf(spent, NOT mixed AND held_out) AS held_out_total,
        -- Welch's test refuses groups without any variance. It takes differences from a common value, since the
        -- variance of large, nearly equal amounts would be lost in rounding.
        welchTTestIf(0.95)(spent - common, held_out, NOT mixed AND varies) AS welch
    FROM
    (
        SELECT
            *,
            min(spent) OVER () AS common,
            max(NOT mixed AND spent != least_of_group) OVER () AS varies
        FROM
        (
            SELECT
                *,
                min(spent) OVER (PARTITION BY mixed, held_out) AS least_of_group
            FROM
            (
                SELECT
                    any(person.held_out) AS held_out,
                    any(person.mixed) AS mixed,
                    countIf(sale.occurred_at >= first_at AND sale.occurred_at <= first_at + toIntervalDay({horizon_days:Int64})) AS sales,
                    toFloat64(sumIf(
                        sale.own_revenue,
                        sale.occurred_at >= first_at AND sale.occurred_at <= first_at + toIntervalDay({horizon_days:Int64})
                    )) AS spent
                FROM
                (
                    SELECT
                        person_id,
                        min(occurred_at) AS first_at,
                        max(decided.held_out) AS held_out,
                        held_out != min(decided.held_out) AS mixed
                    FROM footpath.holdout AS decided
                    WHERE occurred_at >= period.1
                        AND occurred_at < period.2
                    GROUP BY person_id
                ) AS person
                LEFT JOIN footpath.sale AS sale ON sale.person_id = person.person_id
                GROUP BY person.person_id
            )
        )
    )
)
