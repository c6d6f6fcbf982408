import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../test/support/chunks.ts';
import { oidFrom } from '../../filestorage/oid.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { Failure, type FailureCode } from '../../system/failure.ts';
import { collect } from '../../system/streams/pipeline.ts';
import { type FindBlob, firstWithBlob } from './find-blob.ts';

const REVISION = { oid: oidFrom(7), tid: 3n as Tid };
const BYTES = Buffer.from('the bytes of a blob');
const PIECE_BYTES = 4;

const failureOf = (code: FailureCode, which = 'a copy') =>
  new Failure(code, `Cannot read ${which}`, { hint: 'Look at the disk.' });
const empty: FindBlob = async () => undefined;
const unknown = (which?: string): FindBlob => {
  return async () => {
    throw failureOf('system', which);
  };
};
/** A copy that can be read up to some byte. */
const copy = (end = BYTES.length, code: FailureCode = 'system'): FindBlob => {
  return async () => ({
    sizeBytes: BYTES.length,
    read: async function* () {
      yield* streamOf(BYTES.subarray(0, end), PIECE_BYTES);
      if (end < BYTES.length) throw failureOf(code);
    },
  });
};

async function bytesFrom(...places: readonly FindBlob[]): Promise<string | undefined> {
  const blob = await firstWithBlob(places)(REVISION);
  return blob && (await collect(blob.read())).toString();
}

describe('a blob', () => {
  it('is nowhere where every place was looked at', async () => {
    expect(await bytesFrom(empty, empty)).toBeUndefined();
  });

  it('is unknown where one place that lacks it could not be looked at', async () => {
    await expect(bytesFrom(empty, unknown('one'), unknown('two'), empty)).rejects.toThrow(
      'Cannot read one',
    );
  });

  it('comes from a later place where one can not be looked at', async () => {
    expect(await bytesFrom(unknown(), copy())).toBe(BYTES.toString());
  });

  it.each([0, 1, PIECE_BYTES, PIECE_BYTES + 1, BYTES.length - 1])(
    'is read on in the next copy where one can not be read from byte %i on',
    async (end) => {
      expect(await bytesFrom(copy(end), empty, copy())).toBe(BYTES.toString());
      expect(await bytesFrom(copy(end), copy(2), unknown(), copy())).toBe(BYTES.toString());
    },
  );

  it('is an error where no copy can be read to its end', async () => {
    await expect(bytesFrom(copy(5), empty)).rejects.toThrow('Cannot read a copy');
    await expect(bytesFrom(copy(5), unknown('two'))).rejects.toThrow('Cannot read a copy');
  });

  it('is not looked for any longer where somebody stops the work', async () => {
    await expect(bytesFrom(copy(5, 'interrupted'), copy())).rejects.toThrow('Cannot read a copy');
  });
});
