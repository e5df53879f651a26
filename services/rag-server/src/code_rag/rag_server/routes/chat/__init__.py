"""OpenAI's chat completions over the answers: `POST /v1/chat/completions`, `GET /v1/models`."""
