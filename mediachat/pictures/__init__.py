"""Decodes uploaded pictures with limits, in a separate process, in fair order.

It belongs neither to accounts nor to the chat: both show pictures that people upload.
"""
