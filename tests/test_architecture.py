"""ARCHITECTURE.md has the topics of the registry, all of them and as they are."""

from pathlib import Path

from schemas.topics import DAY_MS, FOREVER_MS, TOPICS, Topic

TEXT = (Path(__file__).parent.parent / "ARCHITECTURE.md").read_text()
BEGIN, END = "<!-- topics:begin -->\n", "<!-- topics:end -->"
HEAD = "| topic | key | written by | read by | kept | |\n| --- | --- | --- | --- | --- | --- |\n"


def row(topic: Topic) -> str:
    kept = "for ever" if topic.retention_ms == FOREVER_MS else f"{topic.retention_ms // DAY_MS} days"
    traits = [name for name, holds in (("compacted", topic.compacted), ("transactional", topic.transactional)) if holds]
    cells = (topic.noun, topic.keyed_by, ", ".join(topic.written_by), ", ".join(topic.read_by), kept, ", ".join(traits))
    return "| " + " | ".join(cells) + " |\n"


def test_its_table_of_topics_is_the_registry() -> None:
    table = HEAD + "".join(row(topic) for topic in TOPICS)
    shown = TEXT[TEXT.index(BEGIN) + len(BEGIN) : TEXT.index(END)]
    assert shown == table, f"put this between the marks of ARCHITECTURE.md:\n{table}"
