"""The project: settings, and what surrounds every request."""

NAME = "Media Chat"
VERSION = "0.1.0"
"""As pyproject.toml says it, which is not on every machine that serves."""
