import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blobPath, parseBlobPath } from './blob-layout.ts';
import { oidFrom } from './oid.ts';
import type { Tid } from './tid.ts';

const numbers = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe('path of a blob', () => {
  it('comes back as what it was made of, in either layout, with ./ in front or without', () => {
    const layouts = fc.constantFrom('bushy' as const, 'lawn' as const);
    fc.assert(
      fc.property(layouts, numbers, numbers, (layout, oid, tid) => {
        const revision = { oid: oidFrom(oid), tid: tid as Tid };
        const path = blobPath(layout, revision);
        expect(parseBlobPath(path)).toEqual(revision);
        expect(parseBlobPath(`./${path}`)).toEqual(revision);
      }),
    );
  });

  it.each([
    '.layout',
    'tmp/0x0e/0x040d3526b672e077.blob',
    '0x0e/0x040d3526b672e077.blob.lock',
    '0x0e/0x040d3526b672e07.blob',
    '0x00/0x00/0x0e/0x040d3526b672e077.blob',
    '../0x0e/0x040d3526b672e077.blob',
    '0x0e/',
  ])('is not %s', (path) => {
    expect(parseBlobPath(path)).toBeUndefined();
  });
});
