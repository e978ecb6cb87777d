"""``python -m mediachat.server``: the production server, uvicorn with this project's options.

Further options for uvicorn follow, as in ``python -m mediachat.server --port 8000``.
"""

import sys

from uvicorn.main import main

OPTIONS = """
    mediachat.asgi:application
    --http mediachat.server.http_protocol:HttpProtocol
    --ws mediachat.server.websockets:WebSocketProtocol
    --ws-max-size 65536 --ws-per-message-deflate false
    --ws-ping-interval 20 --ws-ping-timeout 20
    --timeout-graceful-shutdown 10 --timeout-keep-alive 75
    --no-server-header --no-access-log --no-proxy-headers --log-level warning
"""

if __name__ == "__main__":
    main([*OPTIONS.split(), *sys.argv[1:]], prog_name="python -m mediachat.server")
