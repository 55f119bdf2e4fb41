"""Model files: listed in models/models.toml, fetched from their sources, verified by hash before use."""

from agent.model_store.fetch import fetch_models
from agent.model_store.manifest import Manifest, load_manifest
from agent.model_store.verify import ModelProblem, ModelStatus, list_models, model_dir, verify_models

__all__ = [
    "Manifest",
    "ModelProblem",
    "ModelStatus",
    "fetch_models",
    "list_models",
    "load_manifest",
    "model_dir",
    "verify_models",
]
