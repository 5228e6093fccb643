import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** One frame of RFC 6455, as a client sends it: masked, by zeros. */
export function frame(opcode: number, payload: Buffer, { fin = true, length = payload.length } = {}): Buffer {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended + 4);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** A WebSocket of which only the wire is ours: it can be left unread, broken off, and made to say anything. */
export interface RawSocket {
  readonly socket: Socket;
  /** The status of the answer to the handshake; 101 when it is open. */
  readonly status: number;
  /** Resolves when the server has ended the connection. */
  readonly closed: Promise<void>;
}

/** Opens one that reads nothing beyond the handshake. */
export function openRaw({ url }: { readonly url: string }, client: string): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  socket.write(
    `GET /ws?clientId=${client} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk) => {
      socket.pause();
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(String(chunk))?.[1]);
      resolve({ socket, status, closed });
    });
    void closed.then(() => reject(new Error("the connection was ended before an answer")));
  });
}
