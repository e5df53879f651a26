"""What writes the answers: a language model behind OpenAI's API, or without one quotes of the code."""
