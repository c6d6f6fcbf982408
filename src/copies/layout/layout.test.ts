import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oidFrom } from '../../filestorage/oid.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { formatStamp } from '../../repository/layout/stamp.ts';
import {
  blobKey,
  parsePointKey,
  parseTagKey,
  parseTombstoneKey,
  pointKey,
  TAG_CHANGES,
  tagKey,
  tombstoneKey,
} from './keys.ts';
import { formatPlace, PLACE_KINDS, parsePlace } from './place.ts';
import { decodePointDetails } from './point-details.ts';
import { decodePointRecord, encodePointRecord, type PointRecord } from './point-record.ts';

const places = fc.record({
  storage: fc
    .string({ unit: 'binary', minLength: 1, maxLength: 12 })
    .filter((name) => !/[/\0]/.test(name)),
  kind: fc.constantFrom(...PLACE_KINDS),
});
const stamps = fc
  .date({ min: new Date('1971-01-01'), max: new Date('9998-01-01'), noInvalidDate: true })
  .map(formatStamp);
const points = fc.record({
  place: places,
  stamp: stamps,
  sequence: fc.integer({ min: 1, max: 99_999_999 }),
  part: fc.constantFrom('full' as const, 'increment' as const, 'blobs' as const),
});
describe('key of a change of tags', () => {
  it('says all of it', () => {
    const anyChange = fc.record({
      place: places,
      stamp: stamps,
      tag: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/),
      number: fc.integer({ min: 1, max: 99_999_999 }),
      change: fc.constantFrom(...TAG_CHANGES),
    });
    fc.assert(
      fc.property(anyChange, (change) => {
        expect(parseTagKey(tagKey(change))).toEqual(change);
        expect(parsePointKey(tagKey(change))).toBeUndefined();
      }),
    );
    for (const key of ['tags/', 'tags/Data-backup/x.json', 'points/Data-backup/x.json']) {
      expect(parseTagKey(key)).toBeUndefined();
    }
  });
});

describe('name of a place', () => {
  it('comes back as it was made, whatever the storage is called, and is one piece of a key', () => {
    fc.assert(
      fc.property(places, (place) => {
        const text = formatPlace(place);
        expect(parsePlace(text)).toEqual(place);
        expect(text).toMatch(/^[A-Za-z0-9_.%-]+$/);
      }),
    );
  });

  it.each([
    '',
    'Data',
    '-backup',
    'Data-alternative',
    'Data-backup/',
    '..-',
    'a%2f-zip',
    'a%61-zip',
    '..%2F..%2Fetc-backup',
    'a%00-backup',
  ])('is not %j', (text) => {
    expect(parsePlace(text)).toBeUndefined();
  });
});

describe('key of a restore point', () => {
  it('comes back as it was made, and that of its tombstone', () => {
    fc.assert(
      fc.property(points, (point) => {
        expect(parsePointKey(pointKey(point))).toEqual(point);
        expect(parseTombstoneKey(tombstoneKey(point))).toEqual(point);
        expect(parsePointKey(tombstoneKey(point))).toBeUndefined();
      }),
    );
  });

  it.each([
    'points/Data-backup/2026-03-01-04-05-06.full.json',
    'points/Data-backup/2026-03-01-04-05-06.00000001.json',
    'points/Data-backup/2026-03-01-04-05-06.00000000.full.json',
    'points/Data-backup/2026-03-01-04-05-06.00000001.full.json.tmp',
    'points/2026-03-01-04-05-06.00000001.full.json',
  ])('is not %s', (key) => {
    expect(parsePointKey(key)).toBeUndefined();
  });
});

describe('key of a blob', () => {
  it('tells apart what has another suffix or form', () => {
    const storage = 'Data';
    const blob = { oid: oidFrom(14), tid: 0x040d3526b672e077n as Tid };
    expect(blobKey({ storage, form: [] }, blob)).toBe(
      'blobs/Data/000000000000000e/040d3526b672e077',
    );
    expect(blobKey({ storage, form: ['age'] }, { ...blob, suffix: '0f' })).toBe(
      'blobs/Data/000000000000000e/040d3526b672e077-0f.age',
    );
  });
});

describe('record of a restore point', () => {
  const stamp = formatStamp(new Date('2026-03-01T04:05:06Z'));
  const stored = {
    key: `data/Data-backup/${stamp}.fsz`,
    form: [],
    sizeBytes: 9,
    sha256: 'a'.repeat(64),
  };
  const record: PointRecord = {
    format: 1,
    tool: 'zodbvault 1.0.0',
    storage: 'Data',
    kind: 'backup',
    stamp,
    sequence: 2,
    part: 'full',
    before: { key: `points/Data-backup/${stamp}.00000001.full.json`, sha256: 'b'.repeat(64) },
    copiedAt: '2026-03-01T04:06:00.000Z',
    run: 'alone',
    data: {
      file: { stamp, name: `${stamp}.fsz`, sizeBytes: 9, start: 0, end: 99, stored },
      earlier: [],
    },
    blobs: { kind: 'none' },
    details: { kind: 'clear', details: {} },
  };

  it('comes back as it was written', () => {
    expect(decodePointRecord(Buffer.from(encodePointRecord(record)).toString())).toEqual(record);
  });

  const inFile = (name: string) => ({
    data: { ...record.data, file: { ...record.data?.file, name } },
  });
  const archive = { stamp, name: 'blobstorage.tar.gz', sizeBytes: 9, stored };
  const inArchives = (base: string, name: string) => ({
    blobs: { kind: 'archives', stamp, base, archives: [{ ...archive, name }] },
  });

  it('has the names of files, and nothing else', () => {
    for (const change of [inFile(`${stamp}.deltafs`), inArchives('blob..storage', 'b.1.tar')]) {
      expect(decodePointRecord(JSON.stringify({ ...record, ...change }))).toBeDefined();
    }
  });

  it.each([
    ['a later format', { format: 2 }],
    ['a file that leads out of its folder', inFile('../../authorized_keys')],
    ['a file that is its folder', inFile('.')],
    ['an archive that leads out of its folder', inArchives('blobstorage', '../x.tar')],
    ['a blob directory that leads out of its folder', inArchives('../..', 'x.tar')],
    ['a file without a name', inFile('')],
    ['a name that the system cuts', inFile('x\0.fsz')],
    [
      'a key that leads out of its site',
      {
        data: {
          file: {
            stamp,
            name: 'x',
            sizeBytes: 9,
            start: 0,
            end: 9,
            stored: { ...stored, key: 'data/../../other/x' },
          },
          earlier: [],
        },
      },
    ],
    ['a record before it that is none', { before: { key: 'data/x', sha256: 'b'.repeat(64) } }],
    ['no number', { sequence: 0 }],
    ['another kind', { kind: 'alternative' }],
  ])('is none with %s', (_, change) => {
    expect(decodePointRecord(JSON.stringify({ ...record, ...change }))).toBeUndefined();
  });
});

describe('details of a restore point', () => {
  const sha256 = 'a'.repeat(64);
  const stored = { key: `files/Data/${sha256}`, form: [], sizeBytes: 9, sha256 };
  const withOther = (path: string) => ({
    ...{ data: {}, blobRecords: {} },
    others: [{ path, sizeBytes: 9, sha256, stored }],
  });

  it('name files below the blob directory', () => {
    expect(decodePointDetails(withOther('.layout'))).toEqual(withOther('.layout'));
    expect(decodePointDetails(withOther('tmp/a..b'))).toBeDefined();
  });

  it.each(['/etc/x', '../x', 'a/../../x', 'a//x', 'a/.', '', 'a\0'])('name none: %j', (path) => {
    expect(decodePointDetails(withOther(path))).toBeUndefined();
  });
});
