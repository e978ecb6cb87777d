// The same on socket.io, with its own rooms.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  const room = socket.handshake.query.room;
  socket.join(room);
  socket.on("message", (message) => io.to(room).emit("message", message));
});

http.listen(Number(process.argv[2]), "127.0.0.1");
