"""Settings of processes that talk to a language model."""

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

    @property
    def llm_enabled(self) -> bool:
        """Whether there is a key, and so a model to ask."""
        return self.llm_api_key is not None and bool(self.llm_api_key.get_secret_value())
