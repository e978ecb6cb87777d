"""The product's own settings over a channel layer that drops everything."""

from mediachat.settings import *  # noqa: F403

CHANNEL_LAYERS = {"default": {"BACKEND": "tests.support.layers.DroppingLayer"}}
