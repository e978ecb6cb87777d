"""Date formats by language, which Django finds by ``FORMAT_MODULE_PATH``."""
