"""OpenAI's chat API in front of OpenAI, any compatible server, or the built-in extractive responder."""

__version__ = "0.1.0"
