"""The Django project: settings, databases, HTTP layers, monitoring, backups and the server."""

NAME = "Media Chat"
VERSION = "0.1.0"
"""As pyproject.toml says it, which is not on every machine that serves."""
