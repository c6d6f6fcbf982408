import { gunzipSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LibraryFault, libraryInScript } from '../../../test/support/library-in-script.ts';
import { IsalLibrary } from './library.ts';

const byte = fc.integer({ min: -300, max: 300 });
const faults: fc.Arbitrary<LibraryFault> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'none',
      'says that it failed',
      'does nothing',
      'compresses other content',
    ),
  }),
  fc.record({
    kind: fc.constant('changes a byte'),
    at: byte,
    by: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({
    kind: fc.constant('says another length'),
    length: fc.oneof(fc.nat(400), fc.integer({ min: 0, max: 0xffff_ffff })),
  }),
  fc.record({
    kind: fc.constant('has other fields'),
    at: fc.nat(60),
    value: fc.integer({ min: 0, max: 0xffff_ffff }),
  }),
);

function compress(library: IsalLibrary, content: Buffer): Uint8Array | undefined {
  content.copy(library.content);
  return library.answer(content.length);
}

describe('a library of another version', () => {
  it('gives nothing, or what zlib reads as the content, whatever it does', () => {
    let fault: LibraryFault = { kind: 'none' };
    const calls = libraryInScript(() => fault);
    const library = new IsalLibrary(calls, { path: 'libisal.so.2', level: 3 });
    const contents = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(contents, faults, (bytes, oneFault) => {
        const content = Buffer.from(bytes);
        fault = oneFault;
        const gzipped = compress(library, content);
        // The header and the trailer are checked by the process that asks.
        if (gzipped !== undefined) {
          expect(inflateRawSync(gzipped.subarray(10, -8)).equals(content)).toBe(true);
        }
        fault = { kind: 'none' };
        const next = compress(library, content);
        expect(gunzipSync(next ?? Buffer.alloc(0)).equals(content)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
