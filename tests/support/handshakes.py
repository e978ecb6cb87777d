"""What a WebSocket begins with, byte for byte."""


def handshake(path: str, *headers: str) -> bytes:
    """The request that asks for a WebSocket at this path, with these headers besides."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()
