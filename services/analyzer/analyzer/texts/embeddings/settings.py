"""Settings of embeddings."""

from pydantic import Field, SecretStr

from warren.settings import Settings


class EmbeddingSettings(Settings):
    """Which engine turns texts into vectors; for services that do it to subclass."""

    embedder: str = Field(
        "hashing", description="hashing, sentence-transformers, openai, or `package.module:Class` of your own"
    )
    embedding_dimensions: int = Field(
        384, ge=8, le=2000, description="Length of the vectors that hashing and openai make; an HNSW index takes 2000"
    )
    embedding_model: str = Field(
        "", description="sentence-transformers: a model's name on its hub, or a folder with one; openai: the model"
    )
    embedding_base_url: str = Field("https://api.openai.com/v1", description="openai: the endpoint's address")
    embedding_api_key: SecretStr = Field(SecretStr(""), description="openai: its key")
    embedding_timeout_seconds: float = Field(60.0, gt=0, description="openai: how long one request may take")
