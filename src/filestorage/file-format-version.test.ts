import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../test/support/outcome.ts';
import { memorySource } from '../system/files/byte-source.ts';
import { readMagic } from './file-format-version.ts';

const magicOf = (bytes: Uint8Array) =>
  outcomeOf(() => readMagic(memorySource(bytes, 'var/Data.fs')));

describe('magic', () => {
  it.each(['FS21', 'FS30'])('is %s, with nothing behind it or something', async (magic) => {
    expect(await magicOf(Buffer.from(magic))).toEqual({ kind: 'result', result: magic });
    expect(await magicOf(Buffer.from(`${magic}FS21`))).toEqual({ kind: 'result', result: magic });
  });

  it('is undefined for a file of 0 bytes', async () => {
    expect(await magicOf(Buffer.alloc(0))).toEqual({ kind: 'result', result: undefined });
  });

  it.each([
    ['cut after 1 byte', 'F', '"F"'],
    ['cut after 3 bytes', 'FS3', '"FS3"'],
    ['of small letters', 'fs30', '"fs30"'],
    ['of a version that is not known', 'FS22', '"FS22"'],
    ['of gzip', '\x1f\x8b\x08\x00', '"\\u001f\x8b\\b\\u0000"'],
    ['behind a zero byte', '\0FS30', '"\\u0000FS3"'],
  ])('is a failure that quotes it, where it is %s', async (_, text, quoted) => {
    expect(await magicOf(Buffer.from(text, 'latin1'))).toEqual({
      kind: 'failure',
      code: 'damaged',
      message: `Cannot read "var/Data.fs" as a Data.fs: it begins with ${quoted}, not with "FS30" or "FS21"`,
    });
  });

  it('is one of the two, undefined or a failure, for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 8 }), async (bytes) => {
        const outcome = await magicOf(bytes);
        if (outcome.kind === 'failure') expect(outcome.code).toBe('damaged');
        else expect([undefined, 'FS21', 'FS30']).toContain(outcome.result);
      }),
    );
  });
});
