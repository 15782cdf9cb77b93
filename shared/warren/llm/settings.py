"""Settings of processes that talk to a language model."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from warren.settings import Settings, env


class LlmSettings(Settings):
    """Where the model is and how long to wait for it; for services that need one to subclass."""

    llm_api_key: SecretStr | None = Field(
        None,
        validation_alias=env("LLM_API_KEY", "OPENROUTER_API_KEY"),
        description="Key of the endpoint. Empty: no model is used. An endpoint without keys takes any word",
    )
    llm_base_url: str = Field(
        "https://openrouter.ai/api/v1", description="Any OpenAI-compatible endpoint, up to and with its /v1"
    )
    llm_model: str = Field("openrouter/auto", description="Model name, as the endpoint spells it")
    llm_timeout_seconds: float = Field(60.0, gt=0, description="How long one request may take")
    # Three attempts of an analysis, each with a slow model, must still fit in the 300 s of its job.
    llm_total_timeout_seconds: float = Field(
        75.0, gt=0, description="How long one completion may take with its retries and the waits between them"
    )
    llm_max_retries: int = Field(
        4, ge=0, le=20, description="How often a request is sent again after a network error, 429 or 5xx"
    )
    llm_max_output_tokens: int = Field(8000, ge=1, description="Longest reply, reasoning included")

    llm_requests_per_minute: int | None = Field(
        None,
        ge=1,
        description="Requests to the endpoint in any minute, of all workers of all services; empty: any number",
    )
    llm_tokens_per_minute: int | None = Field(
        None,
        ge=1,
        description="Tokens sent and received in any minute, likewise; a request counts its longest reply first",
    )
    llm_money_per_day: float | None = Field(
        None, gt=0, description="What may be spent in a day (UTC); then local engines answer. Empty: any amount"
    )
    llm_price_prompt: float = Field(
        0.0, ge=0, description="Price of a million tokens sent, where the endpoint does not tell what a request cost"
    )
    llm_price_completion: float = Field(0.0, ge=0, description="Price of a million tokens received, likewise")
    llm_cache_seconds: int = Field(
        86_400, ge=0, description="How long answers are remembered, in PostgreSQL, for the same question; 0: not at all"
    )

    @property
    def llm_enabled(self) -> bool:
        """Whether there is a key, and so a model to ask."""
        return self.llm_api_key is not None and bool(self.llm_api_key.get_secret_value())

    @property
    def llm_provider(self) -> str:
        """Host of the endpoint: what limits are counted for, and metrics are labelled with."""
        return urlsplit(self.llm_base_url).hostname or "unknown"
