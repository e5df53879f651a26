"""What is outside of rag-server, as the settings name it."""

from dataclasses import replace

import structlog

from code_rag.rag_server.adapters.chat_client import ChatClient
from code_rag.rag_server.adapters.embedding_client import EmbeddingClient
from code_rag.rag_server.adapters.file_events import SystemFileEvents
from code_rag.rag_server.composition.catalogs import catalog_of
from code_rag.rag_server.composition.use_cases import Indexes, Outside
from code_rag.rag_server.redacted_chat import RedactedChat
from code_rag.rag_server.redacted_embedder import RedactedEmbedder, RedactedEmbeddingServer
from code_rag.rag_server.settings import Settings

log = structlog.get_logger(__name__)

NOT_REDACTED = "REDACT_SECRETS is off: secrets in the code are stored, shown and sent to the model."


def outside_of(settings: Settings) -> Outside:
    """What the settings name; raises StoreUnusable if the embedded store cannot be opened."""
    catalog = catalog_of(settings)
    server = EmbeddingClient(settings.embedding_server_url, settings.api_key)
    chat = ChatClient(settings.llm_server_url, settings.api_key, settings.answer_timeout_seconds)
    last = catalog.last()
    parts = catalog.open(last), server.embedder(last), chat, SystemFileEvents()
    return Outside(*parts, Indexes(catalog, server))


def discreet(outside: Outside, settings: Settings) -> Outside:
    """What is outside, without the secrets that questions hold; with them only where that is set, loudly."""
    if settings.redact_secrets:
        chat, embedder, indexes = outside.chat, outside.embedder, outside.indexes
        if indexes:
            indexes = replace(indexes, server=RedactedEmbeddingServer(indexes.server))
        redacted = RedactedEmbedder(embedder)
        return replace(outside, chat=RedactedChat(chat), embedder=redacted, indexes=indexes)
    log.warning("secrets are not redacted", detail=NOT_REDACTED)
    return outside
