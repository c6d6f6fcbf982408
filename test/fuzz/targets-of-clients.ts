import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Random } from '../../src/demo/random.ts';
import { encodePlain } from '../../src/filestorage/pickle/plain/encode-plain.ts';
import type { PlainData } from '../../src/filestorage/pickle/plain/plain-data.ts';
import { openState } from '../../src/states/open-state.ts';
import { memorySource } from '../../src/system/files/byte-source.ts';
import { serveClient } from '../../src/zeo/connection.ts';
import { frameMessage, MessageReader } from '../../src/zeo/framing.ts';
import { decodeMessage, encodeReply } from '../../src/zeo/message.ts';
import type { CountedStorage } from '../../src/zeo/session.ts';
import { Statistics } from '../../src/zeo/statistics.ts';
import { chunksOf } from '../support/chunks.ts';
import { LogBuilder } from '../support/log-builder.ts';
import type { Target } from './target.ts';

const ID = Buffer.from('0000000000000001', 'hex');
const NEWEST = Buffer.alloc(8, 0xff);

/** Messages as ZEO clients send them. */
const MESSAGES: readonly PlainData[] = [
  [1, false, 'register', ['1', true]],
  [2, false, 'get_info', []],
  [[ID, ID], false, 'loadBefore', [ID, NEWEST]],
  [-1, 0, '.reply', null],
  [3, false, 'undoInfo', [0, -20, new Map([['user_name', Buffer.from('jane')]])]],
  [4, false, 'iterator_start', [null, null]],
  [5, false, 'iterator_next', [0]],
  [6, false, 'iterator_record_start', [0, ID]],
  [7, false, 'history', [ID, 3]],
  [8, false, 'record_iternext', [null]],
  [0, true, 'iterator_gc', [{ kind: 'list', items: [1, 2 ** 40, 2n ** 80n] }]],
];

/** What means something in a pickle. */
const OPCODES: readonly string[] = [
  ...['\x80\x03', 'C\x08', '\x86', '\x87', '(t', 'h\x00', 'q\x00', '}(', ']q\x00h\x00a', 'u'],
  ...['\x8a\x09', '\x8b\xff\xff\xff\x7f', 'X\xff\xff\xff\xff', 'cos\nsystem\n', 'R', 'b'],
];

/** Decoders of what clients of a server send, and the server itself. */
export async function CLIENT_TARGETS(): Promise<readonly Target[]> {
  const framed = MESSAGES.map((message) =>
    frameMessage(encodePlain(message, { mostBytes: Number.POSITIVE_INFINITY })),
  );
  const protocol = frameMessage(Buffer.from('Z5'));
  const [register = protocol] = framed;
  const storages = await makeStorages();
  return [
    {
      name: 'zeo-messages',
      form: 'bytes',
      seeds: framed,
      dictionary: OPCODES,
      weight: 10,
      answers: ['damaged', 'refused'],
      run: (input, random) => {
        const reader = new MessageReader();
        for (const chunk of chunksOf(input, 1 + random.below(20))) {
          for (const message of reader.feed(Buffer.from(chunk))) {
            const decoded = decodeMessage(message);
            if (decoded.kind === 'call') encodeReply(decoded.id, decoded.args);
          }
        }
      },
    },
    {
      name: 'zeo-conversations',
      form: 'bytes',
      seeds: [
        Buffer.concat([protocol, ...framed]),
        ...framed.map((message) => Buffer.concat([protocol, register, message, message])),
        frameMessage(Buffer.from('ruok')),
      ],
      // Whole messages, so that they come in any order; and lengths that are none.
      dictionary: [
        ...[protocol, ...framed].map((message) => message.toString('latin1')),
        ...['\x04\x00\x00\x01', '\x00\x00\x00\x00', '\xff\xff\xff\xff', ...OPCODES],
      ],
      weight: 4,
      answers: [],
      // It never fails, and comes to an end when the client has.
      run: (input, random) => serveClient(socketOf(input, random), { storages, onEvent: () => {} }),
    },
  ];
}

async function makeStorages(): Promise<ReadonlyMap<string, CountedStorage>> {
  const builder = new LogBuilder();
  builder.add([{ oid: 0, refersTo: [1] }]);
  const [first = 0] = builder.add([{ oid: 1, refersTo: [] }]);
  builder.add([{ oid: 1, refersTo: [0] }]);
  builder.add([{ oid: 1, backTo: first }]);
  const log = { ...memorySource(builder.bytes()), [Symbol.asyncDispose]: async () => {} };
  const state = await openState(log, { findBlob: async () => undefined });
  const storage = { name: '1', state, hasBlobs: true, statistics: new Statistics() };
  return new Map([['1', storage]]);
}

/** The end of a connection at which these bytes come, in some chunks; what is sent there is taken, sometimes later. */
function socketOf(input: Buffer, random: Random): Socket {
  const duplex = new Duplex({
    read: () => {},
    write: (_chunk, _encoding, done) => void (random.below(8) === 0 ? setImmediate(done) : done()),
  });
  const size = random.below(4) === 0 ? 1 + random.below(20) : input.length;
  for (const chunk of chunksOf(input, size)) duplex.push(Buffer.from(chunk));
  duplex.push(null);
  return duplex as Socket;
}
