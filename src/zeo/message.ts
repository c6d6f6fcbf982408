import { decodePlain } from '../filestorage/pickle/plain/decode-plain.ts';
import { encodePlain } from '../filestorage/pickle/plain/encode-plain.ts';
import { isTuple, type PlainData } from '../filestorage/pickle/plain/plain-data.ts';
import { Failure } from '../system/failure.ts';
import { MOST_MESSAGE_BYTES } from './framing.ts';
import type { RemoteError } from './remote-error.ts';

/**
 * Messages are pickled tuples (ZEO 5, `asyncio/marshal.py`):
 *
 * | | id | flag | method | arguments |
 * | --- | --- | --- | --- | --- |
 * | call | number, or (oid, tid) | whether no reply is wanted | its name | tuple |
 * | reply | that of the call | 0 | `.reply` | value |
 * | error | that of the call | 2 | `.reply` | (class, arguments) |
 * | call of the client | 0 | True | its name | tuple |
 * | heartbeat of the client | -1 | | | |
 */
export type Message =
  | { readonly kind: 'heartbeat' }
  | {
      readonly kind: 'call';
      readonly id: PlainData;
      /** Whether the client waits for no reply. */
      readonly isAsync: boolean;
      readonly method: string;
      readonly args: readonly PlainData[];
    };

export type Call = Extract<Message, { readonly kind: 'call' }>;

const REPLY = '.reply';
const HEARTBEAT_ID = -1;
const ERROR_FLAG = 2;

/** Failure `damaged`: it is no pickle of plain values; `refused`: no call. */
export function decodeMessage(bytes: Uint8Array): Message {
  const message = decodePlain(bytes);
  if (!isTuple(message) || message.length !== 4) throw noCall('it is no tuple of four');
  const [id = null, flag = null, method, args] = message;
  if (id === HEARTBEAT_ID) return { kind: 'heartbeat' };
  if (!isMessageId(id)) throw noCall('its id is no number, and no oid with a tid');
  if (typeof method !== 'string' || !isTuple(args)) throw noCall('it names no method');
  return { kind: 'call', id, isAsync: flag !== false && flag !== 0, method, args };
}

export function encodeReply(id: PlainData, value: PlainData): Buffer {
  return encode([id, 0, REPLY, value]);
}

export function encodeError(id: PlainData, { className, args }: RemoteError): Buffer {
  return encode([id, ERROR_FLAG, REPLY, [className, args]]);
}

/** A call of a method of the client, which doesn't answer. */
export function encodeCall(method: string, args: readonly PlainData[]): Buffer {
  return encode([0, true, method, args]);
}

function encode(message: readonly PlainData[]): Buffer {
  return encodePlain(message, { mostBytes: MOST_MESSAGE_BYTES });
}

/** What goes back with the reply: nothing that grows on the way. */
function isMessageId(id: PlainData): boolean {
  if (isTuple(id)) return id.length <= 2 && id.every((part) => part instanceof Uint8Array);
  return typeof id === 'number' || typeof id === 'bigint';
}

function noCall(state: string): Failure {
  return new Failure('refused', `Cannot answer a message: ${state}`, {
    hint: 'ZEO clients of version 5 and 6 are answered, with the protocol Z5.',
  });
}
