import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, chunksOf } from '../../../test/support/chunks.ts';
import { oidFrom } from '../../filestorage/oid.ts';
import { formatTid, type Tid } from '../../filestorage/tid.ts';
import { formatStamp } from '../../repository/layout/stamp.ts';
import { type BlobEntry, BlobList } from './blob-list.ts';
import { type BlobManifest, blobsOf, encodeBlobManifest } from './blob-manifest.ts';
import { ManifestDecoder } from './manifest-decoder.ts';

const stamp = formatStamp(new Date('2026-03-01T04:05:06Z'));
const sha256s = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const revisions = fc.record({
  oid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(oidFrom),
  tid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((one) => one as Tid),
});
/** Few of them, so that many lists have one twice. */
const neighbours = fc.record({
  oid: fc.nat(20).map(oidFrom),
  tid: fc.nat(3).map((one) => BigInt(one) as Tid),
});
const blobs: fc.Arbitrary<BlobEntry> = fc
  .record({
    revision: fc.oneof(revisions, neighbours),
    sizeBytes: fc.maxSafeNat(),
    sha256: sha256s,
    suffix: fc.constantFrom(undefined, '0f', '12345678'),
    storedBytes: fc.option(fc.maxSafeNat(), { nil: undefined }),
  })
  .map(({ revision, ...more }) => ({ ...revision, ...more }));
const manifests: fc.Arbitrary<BlobManifest> = fc.record({
  stamp: fc.constant(stamp),
  form: fc.constantFrom([], ['age'] as const),
  base: fc.option(
    fc.record({
      key: fc.constant('manifests/Data-backup/é.json'),
      form: fc.constant([]),
      sizeBytes: fc.nat(),
      sha256: sha256s,
    }),
    { nil: undefined },
  ),
  blobs: fc.array(blobs).map((some) => BlobList.of(some)),
  gone: fc.array(revisions, { maxLength: 3 }),
});

function textOf(manifest: BlobManifest): string {
  return Buffer.concat([...encodeBlobManifest(manifest)]).toString();
}

function decoded(text: string, chunkBytes = Number.POSITIVE_INFINITY) {
  const decoder = new ManifestDecoder();
  for (const chunk of chunksOf(Buffer.from(text), chunkBytes)) decoder.take(chunk);
  const manifest = decoder.end();
  return manifest && { ...manifest, blobs: [...manifest.blobs] };
}

describe('list of blobs', () => {
  it('has each revision once, in the order in which they came, as it was added last', () => {
    fc.assert(
      fc.property(fc.array(blobs, { maxLength: 300 }), (some) => {
        const list = BlobList.of(some);
        const expected = new Map(some.map((one) => [`${one.oid} ${one.tid}`, one]));
        expect([...list]).toEqual([...expected.values()]);
        expect(list.length).toBe(expected.size);
        for (const one of expected.values()) expect(list.find(one)).toEqual(one);
      }),
    );
  });

  it('finds all of many, and nothing else', () => {
    const entry = (number: number): BlobEntry => ({
      ...{ oid: oidFrom(BigInt(number) << 40n), tid: BigInt(number % 7) as Tid },
      ...{ sizeBytes: number, sha256: number.toString(16).padStart(64, '0') },
    });
    const all = Array.from({ length: 10_000 }, (_, number) => number);
    const list = BlobList.of(all.map(entry));
    expect(all.filter((number) => list.find(entry(number))?.sizeBytes !== number)).toEqual([]);
    expect(list.find(entry(10_000))).toBeUndefined();
    expect(list.has({ ...entry(1), tid: 5n as Tid })).toBe(false);
    expect(() => list.at(20_000)).toThrow(RangeError);
  });
});

describe('manifest of blobs', () => {
  it('comes back as it was written, one blob in each line, in chunks of any size', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        const text = textOf(manifest);
        const expected = { ...manifest, blobs: [...manifest.blobs] };
        for (const size of CHUNK_SIZES) expect(decoded(text, size)).toEqual(expected);
        for (const { tid } of manifest.blobs)
          expect(text.split('\n').some((line) => line.includes(formatTid(tid)))).toBe(true);
      }),
    );
  });

  it('is read only where it is JSON, and says the same as that', () => {
    const pieces = [
      '',
      '\n',
      ',',
      ',\n',
      '[',
      ']',
      '{',
      '}',
      '"',
      '0',
      '1e3',
      'null',
      ' ',
      '\\',
      ':',
    ];
    const changes = fc.array(
      fc.record({
        at: fc.nat(),
        length: fc.nat(4),
        by: fc.oneof(fc.constantFrom(...pieces, '"blobs":[', '"gone":[]'), fc.constant('x')),
      }),
      { minLength: 1, maxLength: 2 },
    );
    fc.assert(
      fc.property(manifests, changes, (manifest, some) => {
        let text = textOf(manifest);
        for (const { at, length, by } of some) {
          const start = at % text.length;
          text = text.slice(0, start) + by + text.slice(start + length);
        }
        const found = decoded(text);
        if (found === undefined) return;
        const json = JSON.parse(text);
        const again = JSON.parse(textOf({ ...found, blobs: BlobList.of(found.blobs) }));
        expect(again.blobs).toEqual(onlyLast(json.blobs));
        expect(again.gone).toEqual(json.gone);
        expect([found.stamp, found.form]).toEqual([json.stamp, json.form]);
        expect(found.base).toEqual(json.base);
      }),
      { numRuns: 2000 },
    );
  });

  it('is read where another tool has given it a field, or a blob none of its own', () => {
    const text = textOf({ stamp, form: [], blobs: BlobList.of([]), gone: [] });
    expect(text).toContain('"blobs":[],"gone":[]}');
    expect(decoded(text.replace('{', '{"later":[1],'))).toMatchObject({ stamp, blobs: [] });
  });

  it('is none where an entry is broken', () => {
    const text = (...lines: readonly string[]) =>
      `{"format":1,"stamp":"${stamp}","form":[],"blobs":[\n${lines.join('\n')}\n],"gone":[]}\n`;
    const good = `["000000000000000e","040d3526b672e077",1,"${'a'.repeat(64)}"]`;
    const other = good.replace('0e', '0f');
    expect(decoded(text(good))?.blobs).toHaveLength(1);
    expect(decoded(text(`${good},`, other))?.blobs).toHaveLength(2);
    for (const bad of [
      good.replace('0e', '0E'),
      good.replace(',1,', ',-1,'),
      good.replace(',1,', ',1.5,'),
      good.replace(',1,', ',01,'),
      good.replace(',1,', `,${2 ** 53},`),
      good.replace('aa', 'a'),
      good.replace(']', ',null]'),
      good.replace(']', ',"0g",1]'),
      `${good},[]`,
      `${good},`,
      `${good}\n${other}`,
      `${good},\n\n${other}`,
      '[]',
    ])
      expect([bad, decoded(text(bad))]).toEqual([bad, undefined]);
    expect(decoded(text(good).replace('"format":1', '"format":2'))).toBeUndefined();
    for (let length = 0; length < text(good).length - 1; length += 1)
      expect(decoded(text(good).slice(0, length))).toBeUndefined();
  });

  it('is none where a list stands twice, or in something else', () => {
    const entry = `\n["000000000000000e","040d3526b672e077",1,"${'a'.repeat(64)}"]\n`;
    const head = `{"format":1,"stamp":"${stamp}","form":[]`;
    expect(decoded(`${head},"blobs":[${entry}],"gone":[]}`)).toBeDefined();
    for (const bad of [
      `${head},"blobs":[${entry}],"blobs":[],"gone":[]}`,
      `${head},"in":{"blobs":[${entry}]},"gone":[]}`,
      `${head},"more":[${entry}],"blobs":[],"gone":[]}`,
      `${head},"blobs":[1],"gone":[]}`,
      `${head},"blobs":[${entry}]}`,
      'x'.repeat(1_200_000),
    ])
      expect(decoded(bad)).toBeUndefined();
  });

  it('is its base with what came and without what went', () => {
    const one = { oid: oidFrom(1), tid: 1n as Tid, sizeBytes: 1, sha256: 'a'.repeat(64) };
    const two = { ...one, oid: oidFrom(2) };
    const other = { ...two, sha256: 'b'.repeat(64), suffix: 'bb' };
    const gone = [{ oid: one.oid, tid: one.tid }];
    const base = { stamp, form: [], blobs: BlobList.of([one, two]), gone: [] };
    const own = { stamp, form: [], blobs: BlobList.of([other]), gone };
    expect([...blobsOf(own, base)]).toEqual([other]);
    expect([...blobsOf(base, undefined)]).toEqual([one, two]);
  });
});

/** Of entries of one revision, the last one, where the first one stood. */
function onlyLast(entries: readonly (readonly [string, string])[]): readonly unknown[] {
  return [...new Map(entries.map((one) => [`${one[0]} ${one[1]}`, one])).values()];
}
