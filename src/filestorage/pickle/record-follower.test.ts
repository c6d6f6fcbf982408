import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, chunksOf } from '../../../test/support/chunks.ts';
import { Failure } from '../../system/failure.ts';
import { oidFrom, oidFromParts } from '../oid.ts';
import { encodeObjectState, reference } from '../writer/object-state.ts';
import { RecordFollower } from './record-follower.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/pickles/records.json');
interface PythonRecord {
  readonly protocol: number;
  readonly oidAs: string;
  readonly data: string;
}
/** But for oids as text in protocol 3, which ZODB never wrote: of a long record such texts are not kept. */
const written = (JSON.parse(readFileSync(FIXTURES, 'utf8')) as readonly PythonRecord[])
  .filter(({ protocol, oidAs }) => protocol !== 3 || oidAs !== 'str')
  .map(({ data }) => Buffer.from(data, 'hex'));
const page = encodeObjectState({
  kind: 'list',
  items: [
    'text '.repeat(1000),
    reference('mapping', oidFrom(7)),
    'ü',
    reference('blob', oidFrom(8)),
  ],
});

/** What is said of a record, in a form that can be compared. */
function found(follow: (follower: RecordFollower) => { readonly kind: string }): object {
  const follower = new RecordFollower();
  try {
    const { kind } = follow(follower);
    const { count, isBlob } = follower.found;
    const oids = Array.from({ length: count }, (_, number) =>
      oidFromParts(follower.found.oidHigh(number), follower.found.oidLow(number)),
    );
    return kind === 'followed' ? { kind, isBlob, oids } : { kind };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: error.message };
  }
}

function whole(data: Buffer): object {
  return found((follower) => follower.follow(data, 'references'));
}

function inPieces(data: Buffer, pieceBytes: number): object {
  return found((follower) => {
    const pieces = follower.inPieces(data.length);
    for (const piece of chunksOf(data, pieceBytes)) {
      const lent = Buffer.from(piece);
      pieces.take(lent);
      lent.fill(0xff); // The memory is its owner's again.
    }
    return pieces.end();
  });
}

describe('record in pieces', () => {
  const wrapped = {
    'written by Python': written,
    'a long page': [page],
    'a compressed page': [Buffer.concat([Buffer.from('.z'), deflateSync(page)])],
    'an encrypted page': [Buffer.from(`.e${page.toString('latin1')}`, 'latin1')],
    'cut pages': [page.subarray(0, -1), page.subarray(0, 40), page.subarray(0, 1)],
    'a broken compressed page': [Buffer.from('.zgarbage')],
  };
  it.each(Object.entries(wrapped))('is followed as in one piece: %s', (_, records) => {
    for (const data of records) {
      const expected = whole(data);
      for (const pieceBytes of [...CHUNK_SIZES, data.length]) {
        expect(inPieces(data, pieceBytes)).toEqual(expected);
      }
    }
  });

  it('is followed to its end although it has more texts than are kept', () => {
    const items = Array.from({ length: 1_200_000 }, (_, number) => `text ${number}`);
    const data = encodeObjectState({
      kind: 'list',
      items: [...items, reference('list', oidFrom(9))],
    });
    expect(inPieces(data, 1 << 20)).toEqual({
      kind: 'followed',
      isBlob: false,
      oids: [oidFrom(9)],
    });
  });
});
