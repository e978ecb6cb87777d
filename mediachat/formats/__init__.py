"""How dates are written, by language; Django finds this by ``FORMAT_MODULE_PATH``."""
