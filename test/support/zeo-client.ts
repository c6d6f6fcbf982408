import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { decodePlain } from '../../src/filestorage/pickle/plain/decode-plain.ts';
import { encodePlain } from '../../src/filestorage/pickle/plain/encode-plain.ts';
import type { PlainData } from '../../src/filestorage/pickle/plain/plain-data.ts';
import { frameMessage, MessageReader } from '../../src/zeo/framing.ts';

/** A client that sends what it is told, whatever a ZEO client would. */
export interface RawClient {
  readonly socket: Socket;
  /** Sends bytes as they are. */
  readonly sendBytes: (bytes: Uint8Array) => void;
  readonly send: (message: Uint8Array | string) => void;
  /** Sends a call. */
  readonly call: (id: PlainData, method: string, ...args: readonly PlainData[]) => void;
  /** The next message; undefined where the server has closed the connection. */
  readonly next: () => Promise<Buffer | undefined>;
  /** The next message, unpickled: id, flag, method, value. */
  readonly reply: () => Promise<readonly PlainData[]>;
}

/** Connects to HOST:PORT, or to the path of a socket. */
export async function connectTo(address: string): Promise<RawClient> {
  const [host = '', port] = address.split(':');
  const socket = port === undefined ? connect(address) : connect(Number(port), host);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const messages = messagesOf(socket);
  const next = async () => {
    const { done, value } = await messages.next();
    return done === true ? undefined : value;
  };
  const send = (message: Uint8Array | string) =>
    void socket.write(frameMessage(Buffer.from(message)));
  return {
    socket,
    sendBytes: (bytes) => void socket.write(bytes),
    send,
    call: (id, method, ...args) => send(pickled([id, false, method, args])),
    next,
    reply: async () => {
      const message = await next();
      return message === undefined ? [] : (decodePlain(message) as readonly PlainData[]);
    },
  };
}

/** The same, with the protocol agreed on and a storage chosen. */
export async function registeredAt(address: string, storage = '1'): Promise<RawClient> {
  const client = await connectTo(address);
  await client.next();
  client.send('Z5');
  client.call(0, 'register', storage, true);
  await client.reply();
  return client;
}

export function pickled(value: PlainData): Buffer {
  return encodePlain(value, { mostBytes: Number.POSITIVE_INFINITY });
}

async function* messagesOf(socket: Socket): AsyncGenerator<Buffer, undefined> {
  const reader = new MessageReader();
  try {
    for await (const chunk of socket) yield* reader.feed(chunk as Buffer);
  } catch {
    // The server has cut it off.
  }
}
