"""The models by name: each reads what it needs from the store and computes its result."""

from clickhouse_connect.driver.client import Client

from sinks.analysis.attribution.path_counts import read_presences, read_sets, read_steps, totals_of
from sinks.analysis.attribution.result import Model, Progress, Question, Result


def compute(client: Client, model: Model, question: Question, progress: Progress) -> Result:
    """The result of the model for the paths of the question; blocks for seconds to minutes.

    :param progress: receives each step. :raises NotApplicable: the model cannot answer that question.
    """
    progress("reading the paths")
    match model:
        case "shapley":
            from sinks.analysis.attribution.coalition_game import equal_split

            return equal_split(read_presences(client, question))
        case "shapley_rate":
            from sinks.analysis.attribution.coalition_game import MAX_SETS, rate_split

            sets = read_sets(client, question, MAX_SETS + 1)
            progress(f"going through the coalitions of {len(sets):,} sets of values")
            return rate_split(sets, question.by)
        case "predictive":
            return _predictive(client, question, progress)
        case _:
            from sinks.analysis.attribution import absorbing_chain

            order = int(model.removeprefix("markov_"))
            steps = read_steps(client, question, order)
            progress(f"solving the chain of {len(steps.depth):,} distinct steps")
            return absorbing_chain.markov_result(steps, order)


def _predictive(client: Client, question: Question, progress: Progress) -> Result:
    from sinks.analysis.attribution import predictive
    from sinks.analysis.attribution.sample import read_sample, share_of

    presences = read_presences(client, question)
    touches = predictive.touches_by_value(presences)
    share = share_of(totals_of(presences), touches.total())
    progress(f"reading the paths of {share:.2%} of the people")
    sample = read_sample(client, question, share, predictive.most_touched(touches))
    progress(f"training on {len(sample.converted):,} paths")
    return predictive.predictive_result(presences, sample)
