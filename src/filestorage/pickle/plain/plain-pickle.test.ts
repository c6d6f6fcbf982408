import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../system/failure.ts';
import { decodePlain } from './decode-plain.ts';
import { encodePlain } from './encode-plain.ts';
import type { PlainData } from './plain-data.ts';

/** One value, as Python's pickle writes it in the protocols 0 to 5. */
const WRITTEN_BY_PYTHON: readonly string[] = [
  '284e4930310a4930300a49300a493235350a4936353533350a492d310a49323134373438333634370a4c393030373139393235343734303939324c0a4c2d313138303539313632303731373431313330333432344c0a46312e350a56610a70300a56e95c75323061635c5530303031663630300a70310a28742849310a7470320a2849310a49320a7470330a2849310a49320a49330a7470340a2849310a49320a49330a49340a7470350a286c70360a286c70370a49310a61286c70380a49320a6161286470390a28647031300a566b0a7031310a49310a7349320a56760a7031320a732856740a7031330a747031340a4e73747031350a2e',
  '284e4930310a4930300a4b004bff4dffff4affffffff4affffff7f4c393030373139393235343734303939324c0a4c2d313138303539313632303731373431313330333432344c0a473ff800000000000058010000006171005809000000c3a9e282acf09f9880710129284b01747102284b014b02747103284b014b024b03747104284b014b024b034b047471055d71065d7107284b015d71084b0261657d71097d710a2858010000006b710b4b014b02580100000076710c28580100000074710d74710e4e7574710f2e',
  '8002284e88894b004bff4dffff4affffffff4affffff7f8a07000000000000208a090000000000000000c0473ff800000000000058010000006171005809000000c3a9e282acf09f98807101294b018571024b014b028671034b014b024b03877104284b014b024b034b047471055d71065d7107284b015d71084b0261657d71097d710a2858010000006b710b4b014b02580100000076710c580100000074710d85710e4e7574710f2e',
  '8003284e88894b004bff4dffff4affffffff4affffff7f8a07000000000000208a090000000000000000c0473ff800000000000058010000006171005809000000c3a9e282acf09f98807101294b018571024b014b028671034b014b024b03877104284b014b024b034b047471055d71065d7107284b015d71084b0261657d71097d710a2858010000006b710b4b014b02580100000076710c580100000074710d85710e4e7574710f2e',
  '8004958900000000000000284e88894b004bff4dffff4affffffff4affffff7f8a07000000000000208a090000000000000000c0473ff80000000000008c0161948c09c3a9e282acf09f988094294b0185944b014b0286944b014b024b038794284b014b024b034b0474945d945d94284b015d944b0261657d947d94288c016b944b014b028c0176948c01749485944e7574942e',
  '8005958900000000000000284e88894b004bff4dffff4affffffff4affffff7f8a07000000000000208a090000000000000000c0473ff80000000000008c0161948c09c3a9e282acf09f988094294b0185944b014b0286944b014b024b038794284b014b024b034b0474945d945d94284b015d944b0261657d947d94288c016b944b014b028c0176948c01749485944e7574942e',
];

const VALUE: PlainData = [
  ...[null, true, false, 0, 255, 65535, -1, 2 ** 31 - 1, 2n ** 53n, -(2n ** 70n)],
  ...[{ kind: 'float', value: 1.5 } as const, 'a', 'é€😀'],
  ...[[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]],
  { kind: 'list', items: [] },
  { kind: 'list', items: [1, { kind: 'list', items: [2] }] },
  new Map(),
  new Map<PlainData, PlainData>([
    ['k', 1],
    [2, 'v'],
    [['t'], null],
  ]),
];

const NO_LIMIT = { mostBytes: Number.POSITIVE_INFINITY };

const { value: anyValue } = fc.letrec<{ readonly value: PlainData }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.bigInt().filter((value) => !Number.isSafeInteger(Number(value))),
    fc.double({ noNaN: true }).map((value) => ({ kind: 'float', value }) as const),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(tie('value')).map((items) => ({ kind: 'list', items }) as const),
    fc.array(fc.tuple(fc.string(), tie('value'))).map((entries) => new Map(entries)),
  ),
}));

describe('plain pickle', () => {
  it.each([...WRITTEN_BY_PYTHON.entries()])(
    'of protocol %i, by Python, has its value',
    (_, hex) => {
      expect(decodePlain(Buffer.from(hex, 'hex'))).toEqual(VALUE);
    },
  );

  it('has the value that was written', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decodePlain(encodePlain(value, NO_LIMIT))).toEqual(value);
      }),
    );
  });

  it.each([...WRITTEN_BY_PYTHON.entries()])(
    'of protocol %i is refused when it is cut',
    (_, hex) => {
      const pickle = Buffer.from(hex, 'hex');
      const lengths = Array.from({ length: pickle.length }, (_, length) => length);
      const codes = lengths.map((length) => codeOf(pickle.subarray(0, length)));
      expect(new Set(codes)).toEqual(new Set(['damaged']));
    },
  );

  it.each([
    ['a class', 'cos\nsystem\n.'],
    ['a call', '(S"ls"\nios\nsystem\n.'],
    ['a persistent reference', 'P1\n.'],
    ['a set', '\x80\x04\x8f.'],
    ['bytes behind it', 'N.N'],
    ['two values', 'NN.'],
    ['nothing', '.'],
    ['a tuple of more than there is', '\x80\x02K\x01\x86.'],
    ['a tuple across a mark', '\x80\x02K\x01(K\x02\x86.'],
    ['items for a number', 'K\x01(K\x02e.'],
    ['a key without a value', '}(K\x01u.'],
    ['a place that nobody has filled', 'h\x00.'],
    ['an integer of a gigabyte', '\x80\x02\x8b\x00\x00\x00\x40.'],
    ['bytes that pass the end', 'B\xff\xff\xff\xffabc.'],
    ['a protocol of the future', '\x80\x06N.'],
    ['more values than bytes of memory', `${')0'.repeat(1 << 18)}N.`],
  ])('with %s is refused', (_, pickle) => {
    expect(codeOf(Buffer.from(pickle, 'latin1'))).toBe('damaged');
  });

  it('of a str of Python 2 has text', () => {
    expect(decodePlain(Buffer.from('U\x02a\xe9.', 'latin1'))).toBe('aé');
    expect(decodePlain(Buffer.from("S'a\\xe9'\n.", 'latin1'))).toBe('aé');
  });

  it('is not written of what holds itself, or is too long', () => {
    const loop = decodePlain(Buffer.from(']q\x00h\x00a.', 'latin1'));
    expect(() => encodePlain(loop, NO_LIMIT)).toThrow(Failure);
    expect(() => encodePlain(Buffer.alloc(100), { mostBytes: 100 })).toThrow(Failure);
  });
});

function codeOf(pickle: Uint8Array): string {
  try {
    return `a value: ${String(decodePlain(pickle))}`;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}
