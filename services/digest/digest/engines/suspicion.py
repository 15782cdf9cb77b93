"""Posts that speak to a model instead of to people are asked about alone, where they can disturb no other post.

No list of such phrases is complete. What a hostile post can reach beyond itself is bounded by the batch it is in and by
what answers are believed; this only makes it lonelier.
"""

import re

_SPEAKS_TO_A_MODEL = re.compile(
    r"""(?ix)
    \b(ignore|disregard|forget|override)\b.{0,40}\b(instruction|prompt|rule|above|previous|earlier|all)
    | \b(system|developer)\s*(prompt|message|instruction)
    | \b(you\s+are\s+(now|an?\s+(ai|assistant|language)))
    | \b(assistant|system|user)\s*:
    | <\|? \s*(im_start|im_end|system|endoftext)
    | "(answers|category|sentences|id)"\s*:
    | \b(all|other|every)\s+(the\s+)?(other\s+)?posts?\b.{0,40}\b(categor|belong|label|classif)
    | (игнорируй|забудь|не\s+учитывай).{0,40}(инструкц|правил|указани|выше|предыдущ)
    | системн\w+\s+(промпт|сообщени|инструкц)
    """
)
LOOKED_AT = 20_000
"""Characters; longer posts are cut before a model sees them."""


def speaks_to_a_model(text: str) -> bool:
    return _SPEAKS_TO_A_MODEL.search(text[:LOOKED_AT]) is not None
