import { connect, type Socket } from 'node:net';

/** Where a server listens. */
export interface ServerPort {
  readonly host: string;
  readonly port: number;
}

/**
 * A connection that sends together what is written to it in one turn of the event loop. ssh2 writes each packet in three
 * pieces, and a request of 255 KiB in eight packets: each piece would be a call of the system, and a segment on the
 * line. The system keeps nothing back: requests are small, and wait for their answers.
 */
export function gatheringSocket(server: ServerPort): Socket {
  const socket = connect({ ...server, noDelay: true });
  const write = socket.write.bind(socket);
  socket.write = (
    bytes: string | Uint8Array,
    encoding?: BufferEncoding | Written,
    written?: Written,
  ) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return typeof encoding === 'string'
      ? write(bytes, encoding, written)
      : write(bytes, undefined, encoding ?? written);
  };
  return socket;
}

type Written = (error?: Error | null) => void;
