"""open_clip, where it keeps the text tower under a name of its own; else as OpenAI's CLIP."""

from unmask.weights.layouts._tables import Layout
from unmask.weights.layouts.openai_clip import USUAL, names

LAYOUT = Layout(name="open_clip", table=names("text."), usual=USUAL)
