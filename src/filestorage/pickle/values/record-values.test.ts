import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../system/failure.ts';
import { decodeRecordPickle } from '../record-pickle.ts';
import type { Reference } from '../reference.ts';
import { decodeRecordValues, type RecordValues } from './record-values.ts';
import { isStructured, type Value } from './value.ts';

interface PythonRecord {
  readonly module: string;
  readonly protocol: number;
  readonly oidAs: string;
  readonly form: string;
  readonly data: string;
}

const records = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/fixtures/pickles/records.json'), 'utf8'),
) as readonly PythonRecord[];

function valuesOf(data: Uint8Array): RecordValues {
  const record = decodeRecordValues(data);
  if (record.kind !== 'values') throw new Error(`a record is ${record.kind}`);
  return record;
}

/** In the order in which they stand in it. */
function referencesIn(value: Value, found: Reference[] = []): readonly Reference[] {
  if (!isStructured(value)) return found;
  if (value.kind === 'reference') {
    if (value.reference !== undefined) found.push(value.reference);
  } else if (value.kind === 'dict') {
    for (const [, entry] of value.entries) referencesIn(entry, found);
  } else if (value.kind === 'object') {
    for (const part of [...value.args, value.state ?? null]) referencesIn(part, found);
  } else if (value.kind !== 'class') {
    for (const item of value.items) referencesIn(item, found);
  }
  return found;
}

describe.each(records)('record of $module, protocol $protocol, oid as $oidAs, $form', (record) => {
  it('has the class and the references that the machine finds', () => {
    const data = Buffer.from(record.data, 'hex');
    const { className, references } = decodeRecordPickle(data);
    const values = valuesOf(data);
    expect(values.className).toBe(className);
    expect(referencesIn(values.state)).toEqual(references);
  });
});

describe('values of a record', () => {
  const pickle = (state: string) => Buffer.from(`cm\nC\n.${state}`, 'latin1');
  it.each<[name: string, state: string, value: Value]>([
    ['None', 'N.', null],
    ['an integer of protocol 0', 'I42\n.', 42],
    ['True of protocol 0', 'I01\n.', true],
    ['a long', 'L123456789012345678901L\n.', 123456789012345678901n],
    ['a negative long of protocol 2', '\x80\x02\x8a\x02\x00\xff.', -256],
    ['a float', 'F1.5\n.', 1.5],
    ['a float of protocol 1', 'G\x3f\xf8\x00\x00\x00\x00\x00\x00.', 1.5],
    ['a str of Python 2', 'U\x03\xc3\xbcx.', 'üx'],
    ['a str of Python 2 that is no text', 'U\x02\xff\xfe.', Buffer.from([0xff, 0xfe])],
    ['a str as repr writes it', "S'a\\'\\xc3\\xbc'\n.", "a'ü"],
    ['text', 'X\x02\x00\x00\x00\xc3\xbc.', 'ü'],
    ['text with escapes', 'V\\u00fc\n.', 'ü'],
    ['bytes', '\x80\x03C\x02ab.', Buffer.from('ab')],
    ['bytes in protocol 2', 'c_codecs\nencode\n(V\\u00ff\nVlatin1\ntR.', Buffer.from([0xff])],
  ])('are built: %s', (_, state, value) => {
    expect(valuesOf(pickle(state)).state).toEqual(value);
  });

  it('grow after they were put into the memo', () => {
    const { state } = valuesOf(pickle('(lp0\n(dp1\nVk\np2\ng0\nsa(I1\nI2\nta.'));
    const list = { kind: 'list', items: [] as unknown[] };
    list.items.push({ kind: 'dict', entries: [['k', list]] }, { kind: 'tuple', items: [1, 2] });
    expect(state).toEqual(list);
  });

  it('name the class of an object, what it is made with, and its state', () => {
    const { state } = valuesOf(pickle('cDateTime\nDateTime\n)\x81}Vt\nI5\nsb.'));
    expect(state).toEqual({
      kind: 'object',
      callable: { kind: 'class', module: 'DateTime', name: 'DateTime' },
      args: [],
      state: { kind: 'dict', entries: [['t', 5]] },
      items: [],
      entries: [],
    });
  });

  it('are the same where zlib has compressed the record', () => {
    const data = pickle('(Va\nVb\nt.');
    const compressed = Buffer.concat([Buffer.from('.z'), deflateSync(data)]);
    expect(decodeRecordValues(compressed)).toEqual(valuesOf(data));
  });

  it('are not there where another program has encrypted it', () => {
    expect(decodeRecordValues(Buffer.from('.e123'))).toEqual({ kind: 'wrapped', mark: '.e' });
  });

  it('are there, or a failure is, whatever bytes are changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...records), changes, ({ data }, bytes) => {
        const changed = Buffer.from(data, 'hex');
        for (const [place, byte] of bytes) changed[place % changed.length] = byte;
        try {
          decodeRecordValues(changed);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
        }
      }),
      { numRuns: 1200 },
    );
  });
});

describe('reference before ZODB 3.3', () => {
  it('names its class by a pair', () => {
    const oid = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x27]).toString('latin1');
    const data = `(U\x01mU\x01CtN\x86.(U\x08${oid}(U\x01mU\x01CttQ.`;
    const { state } = valuesOf(Buffer.from(data, 'latin1'));
    expect(referencesIn(state)).toEqual([{ kind: 'strong', oid: 0x27n, className: 'm.C' }]);
    expect(decodeRecordPickle(Buffer.from(data, 'latin1'))).toEqual({
      className: 'm.C',
      references: [{ kind: 'strong', oid: 0x27n, className: 'm.C' }],
    });
  });
});
