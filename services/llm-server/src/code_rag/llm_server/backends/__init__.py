"""The backends that write answers: a language model behind OpenAI's API, or quotes of the code."""
