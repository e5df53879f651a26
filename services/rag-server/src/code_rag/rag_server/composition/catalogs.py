"""Where the settings keep the indexes."""

from code_rag.rag_server.adapters.edge_catalog import EdgeCatalog
from code_rag.rag_server.ports import Catalog
from code_rag.rag_server.settings import Settings
from code_rag.servicekit.settings import reveal


def catalog_of(settings: Settings) -> Catalog:
    """The indexes in a Qdrant server where its URL is set, else in DATA_DIR; close it when done."""
    redacted = settings.redact_secrets
    if not settings.vector_db_url:
        return EdgeCatalog(settings.data_dir, settings.collection, redacted=redacted)
    # Imported only here: Qdrant's client takes as long to import as the rest of the start takes.
    from code_rag.rag_server.adapters.qdrant_catalog import QdrantCatalog
    from code_rag.rag_server.adapters.qdrant_server import connect

    client = connect(settings.vector_db_url, reveal(settings.vector_db_api_key))
    return QdrantCatalog(client, settings.collection, redacted=redacted)
