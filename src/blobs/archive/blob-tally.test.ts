import { describe, expect, it } from 'vitest';
import { blobPath } from '../../filestorage/blob-layout.ts';
import { oidFrom } from '../../filestorage/oid.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { BlobTally, tallyLike } from './blob-tally.ts';

const blob = (oid: number, tid: bigint, layout: 'bushy' | 'lawn' = 'bushy') =>
  blobPath(layout, { oid: oidFrom(oid), tid: tid as Tid });

function tallyOf(paths: readonly string[], tally = new BlobTally()): BlobTally {
  for (const path of paths) tally.add(path);
  return tally;
}

describe('a tally of blobs', () => {
  const before = tallyOf([blob(1, 5n), blob(2, 7n), '.layout']).result;

  it('is the same in any order, in either layout, and beside what came later', () => {
    const now = [blob(3, 8n), `./${blob(2, 7n)}`, blob(1, 5n, 'lawn'), 'tmp/x'];
    expect(tallyOf(now, tallyLike(before)).isOf(before)).toBe(true);
  });

  it.each([
    ['lacks one', [blob(2, 7n)]],
    ['has another one in its place', [blob(1, 6n), blob(2, 7n)]],
    ['has one more', [blob(1, 5n), blob(2, 7n), blob(4, 6n)]],
  ])('is another where it %s', (_, now) => {
    expect(tallyOf(now, tallyLike(before)).isOf(before)).toBe(false);
  });
});
