"""The models by name: each asks the store for what it needs and answers."""

from clickhouse_connect.driver.client import Client

from sinks.analysis.attribution.answer import Answer, Model, Question, Say
from sinks.analysis.attribution.reading import read_presences, read_sets, read_steps, totals_of


def answer(client: Client, model: Model, question: Question, say: Say) -> Answer:
    """What the model says about the paths of the question.

    :param say: is told what is being done. :raises Unfit: the model cannot answer that question.
    """
    say("reading the paths")
    match model:
        case "shapley":
            from sinks.analysis.attribution.coalitions import equal_split

            return equal_split(read_presences(client, question))
        case "shapley_rate":
            from sinks.analysis.attribution.coalitions import MOST_SETS, rate_split

            sets = read_sets(client, question, MOST_SETS + 1)
            say(f"going through the coalitions of {len(sets):,} sets of values")
            return rate_split(sets, question.by)
        case "predictive":
            return _predictive(client, question, say)
        case _:
            from sinks.analysis.attribution import chains

            order = int(model.removeprefix("markov_"))
            steps = read_steps(client, question, order)
            say(f"solving the chain of {len(steps.depth):,} different steps")
            return chains.answer_of(steps, order)


def _predictive(client: Client, question: Question, say: Say) -> Answer:
    from sinks.analysis.attribution import predictive
    from sinks.analysis.attribution.sample import read_sample, share_of

    presences = read_presences(client, question)
    touches = predictive.by_touches(presences)
    share = share_of(totals_of(presences), touches.total())
    say(f"reading the paths of {share:.2%} of the people")
    sample = read_sample(client, question, share, predictive.most_touched(touches))
    say(f"learning from {len(sample.converted):,} paths")
    return predictive.answer_of(presences, sample)
