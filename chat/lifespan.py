"""What a server tells the application of its own start and end."""

from typing import Any

from chat import hub


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Stores what waits when the server stops, after it has closed all sockets."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.shutdown":
            await hub.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": f"{event['type']}.complete"})
