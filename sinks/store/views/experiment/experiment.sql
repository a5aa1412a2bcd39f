-- Grain:      one variant of one phase of an experiment
-- Sources:    exposure, live_experiment, touchpoint, sale
-- Definition: what people did who were shown a variant, compared with the control, the first one. An empty phase is the
--             one of the latest exposure. People who saw several variants (both_people, of all variants) are left out. A
--             person converts with an event of the experiment's kinds after the first exposure (a sale also at its very
--             time) and within the experiment's days; revenue is that of the sales in that time, in the brand's currency,
--             net of returns, per person. Intervals of differences hold at all times at once, however often somebody
--             looks: asymptotic confidence sequences (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform
--             central limit theory and asymptotic confidence sequences, Annals of Statistics 2024, theorem 2.2) of 95 %,
--             divided by the number of comparisons (Bonferroni), narrowest at 5000 people, from 100 people of each
--             variant on; the variance is that of Welch or the pooled one, whichever is larger. drawn are source profiles
--             whose variant was drawn and not kept; sample_ratio_p is the chance of numbers as uneven as theirs (Pearson's
--             chi-squared test against the shares), and below 0.001 there is no conclusion: something lost people of one
--             variant.
-- Example:    SELECT variant, people, conversions, difference, difference_low, difference_high, conclusion FROM
--             experiment(experiment='shelf-page', phase='')

CREATE OR REPLACE VIEW footpath.experiment AS
WITH
    toUUID('00000000-0000-0000-0000-000000000000') AS nobody,
    5000 AS narrowest_at,
    100 AS people_needed,
    0.001 AS uneven_below,
    (
        SELECT toString(argMax(phase, occurred_at))
        FROM footpath.experiment_exposed
        WHERE experiment = {experiment:String}
    ) AS latest_phase,
    if({phase:String} = '', latest_phase, {phase:String}) AS wanted_phase,
    (
        SELECT if(count() = 0, (['sale'], 28), any((kinds, toInt64(days))))
        FROM footpath.live_experiment
        WHERE experiment = {experiment:String}
    ) AS metrics,
    0.05 / freedom AS alpha,
    (log(1 / alpha) * 2 + log(log(1 / alpha) * 2 + 1)) / narrowest_at AS rho2,
    (people + control.1) * rho2 AS scaled,
    sqrt(2 * (scaled + 1) / scaled * log(sqrt(scaled + 1) / alpha)) AS width,
    is_control OR people < people_needed OR control.1 < people_needed AS is_early,
    (n, total, squares, other_n, other_total, other_squares) -> greatest(
        (squares - total * total / n) / (n - 1) / n
            + (other_squares - other_total * other_total / other_n) / (other_n - 1) / other_n,
        (squares + other_squares - pow(total + other_total, 2) / (n + other_n)) / (n + other_n - 1) * (1 / n + 1 / other_n),
        0
    ) AS variance,
    sqrt(variance(people, converted, converted, control.1, control.2, control.2)) * width AS half_width,
    sqrt(variance(people, spent, squares, control.1, control.3, control.4)) * width AS revenue_half_width,
    (low, high) -> multiIf(
        ifNull(sample_ratio_p < uneven_below, false), 'blocked: uneven sample',
        is_control, 'control',
        isNull(low), 'too early',
        low > 0, 'better',
        high < 0, 'worse',
        'no difference shown'
    ) AS conclusion_of
SELECT
    {experiment:String} AS experiment,
    wanted_phase AS phase,
    variant,
    is_control,
    share,
    toUInt64(people) AS people,
    exposures,
    toUInt64(converted) AS conversions,
    if(people = 0, NULL, converted / people) AS conversion_rate,
    if(is_early, NULL, converted / people - control.2 / control.1) AS difference,
    difference - half_width AS difference_low,
    difference + half_width AS difference_high,
    toDecimal128(spent, 6) AS revenue,
    if(people = 0, NULL, spent / people) AS revenue_per_person,
    if(is_early, NULL, spent / people - control.3 / control.1) AS revenue_difference,
    revenue_difference - revenue_half_width AS revenue_difference_low,
    revenue_difference + revenue_half_width AS revenue_difference_high,
    drawn,
    sample_ratio_p,
    conclusion_of(difference_low, difference_high) AS conclusion,
    conclusion_of(revenue_difference_low, revenue_difference_high) AS revenue_conclusion,
    both_people,
    missed_exposures,
    counted_only_exposures
FROM
(
    SELECT
        *,
        if(
            least_expected < 5,
            NULL,
            if(
                freedom % 2 = 0,
                exp(-chi2 / 2) * arraySum(i -> pow(chi2 / 2, i) / tgamma(i + 1), range(toUInt64(intDiv(freedom, 2)))),
                erfc(sqrt(chi2 / 2)) + exp(-chi2 / 2)
                    * arraySum(i -> pow(chi2 / 2, i + 0.5) / tgamma(i + 1.5), range(toUInt64(intDiv(freedom, 2))))
            )
        ) AS sample_ratio_p
    FROM
    (
        SELECT
            *,
            count() OVER () - 1 AS freedom,
            anyIf((people, converted, spent, squares), is_control) OVER () AS control,
            min(expected) OVER () AS least_expected,
            sum(pow(drawn - expected, 2) / expected) OVER () AS chi2
        FROM
        (
            SELECT
                arm.variant AS variant,
                arm.share AS share,
                position = 1 AS is_control,
                toFloat64(outcome.people) AS people,
                outcome.exposures AS exposures,
                toFloat64(outcome.converted) AS converted,
                outcome.spent AS spent,
                outcome.squares AS squares,
                draw.drawn AS drawn,
                sum(draw.drawn) OVER () * share AS expected,
                sum(outcome.both) OVER () AS both_people,
                missed_exposures,
                counted_only_exposures
            FROM
            (
                SELECT
                    argMax(arms, occurred_at) AS arms,
                    countIf(is_missed) AS missed_exposures,
                    countIf(person_id = nobody) AS counted_only_exposures
                FROM footpath.exposure
                WHERE experiment = {experiment:String} AND phase = wanted_phase
            ) AS phase
            ARRAY JOIN
                arms AS arm,
                arrayEnumerate(arms) AS position
            LEFT JOIN
            (
                SELECT
                    first_variant AS variant,
                    countIf(NOT saw_both) AS people,
                    sumIf(shows, NOT saw_both) AS exposures,
                    countIf(NOT saw_both AND conversions > 0) AS converted,
                    sumIf(amount, NOT saw_both) AS spent,
                    sumIf(amount * amount, NOT saw_both) AS squares,
                    countIf(saw_both) AS both
                FROM
                (
                    WITH
                        event.occurred_at <= person.first_at + toIntervalDay(metrics.2)
                        AND (event.occurred_at > person.first_at OR (event.is_sale AND event.occurred_at = person.first_at))
                            AS is_within
                    SELECT
                        any(person.first_variant) AS first_variant,
                        any(person.saw_both) AS saw_both,
                        any(person.shows) AS shows,
                        countIf(event.converts AND is_within) AS conversions,
                        sumIf(event.revenue, is_within) AS amount
                    FROM
                    (
                        SELECT
                            shown.person_id AS person_id,
                            argMin(shown.variant, shown.occurred_at) AS first_variant,
                            min(shown.occurred_at) AS first_at,
                            uniqExact(shown.variant) > 1 AS saw_both,
                            count() AS shows
                        FROM footpath.exposure AS shown
                        WHERE shown.experiment = {experiment:String}
                            AND shown.phase = wanted_phase
                            AND NOT shown.is_missed
                            AND shown.person_id != nobody
                        GROUP BY shown.person_id
                    ) AS person
                    LEFT JOIN
                    (
                        SELECT person_id, occurred_at, true AS converts, type = 'sale' AS is_sale, 0. AS revenue
                        FROM footpath.touchpoint
                        WHERE has(metrics.1, type)

                        UNION ALL

                        SELECT person_id, occurred_at, false AS converts, true AS is_sale, toFloat64(own_revenue) AS revenue
                        FROM footpath.sale
                    ) AS event ON event.person_id = person.person_id
                    GROUP BY person.person_id
                )
                GROUP BY first_variant
            ) AS outcome ON outcome.variant = arm.variant
            LEFT JOIN
            (
                SELECT
                    first_variant AS variant,
                    count() AS drawn
                FROM
                (
                    SELECT argMin(shown.variant, shown.occurred_at) AS first_variant
                    FROM footpath.exposure AS shown
                    WHERE shown.experiment = {experiment:String}
                        AND shown.phase = wanted_phase
                        AND shown.why = 'drawn'
                        AND shown.person_id != nobody
                    GROUP BY shown.source_profile_id
                )
                GROUP BY first_variant
            ) AS draw ON draw.variant = arm.variant
        )
    )
)
