import { encodePlain } from '../../src/filestorage/pickle/plain/encode-plain.ts';
import type { PlainData } from '../../src/filestorage/pickle/plain/plain-data.ts';
import { frameMessage, MessageReader } from '../../src/zeo/framing.ts';
import { decodeMessage, encodeReply } from '../../src/zeo/message.ts';
import { chunksOf } from '../support/chunks.ts';
import type { Target } from './target.ts';

const ID = Buffer.from('0000000000000001', 'hex');

/** Messages as ZEO clients send them. */
const MESSAGES: readonly PlainData[] = [
  [1, false, 'register', ['1', true]],
  [2, false, 'get_info', []],
  [[ID, ID], false, 'loadBefore', [ID, ID]],
  [-1, 0, '.reply', null],
  [3, false, 'undoInfo', [0, -20, new Map([['user_name', Buffer.from('jane')]])]],
  [0, true, 'iterator_gc', [{ kind: 'list', items: [1, 2 ** 40, 2n ** 80n] }]],
];

/** Decoders of what clients of a server send. */
export function CLIENT_TARGETS(): readonly Target[] {
  return [
    {
      name: 'zeo-messages',
      form: 'bytes',
      seeds: MESSAGES.map((message) =>
        frameMessage(encodePlain(message, { mostBytes: Number.POSITIVE_INFINITY })),
      ),
      dictionary: [
        ...['\x80\x03', 'C\x08', '\x86', '\x87', '(t', 'h\x00', 'q\x00', '}(', ']q\x00h\x00a', 'u'],
        ...['\x8a\x09', '\x8b\xff\xff\xff\x7f', 'X\xff\xff\xff\xff', 'cos\nsystem\n', 'R', 'b'],
      ],
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
  ];
}
