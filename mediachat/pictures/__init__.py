"""Pictures from people: bounded, decoded in a process of its own, in turn.

Neither accounts nor the chat: both show pictures that people upload.
"""
