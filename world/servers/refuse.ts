import type { Duplex } from "node:stream";

/** Answers an upgrade with a plain HTTP error. */
export function refuse(socket: Duplex, status: number, reason: string, body: string): void {
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}
