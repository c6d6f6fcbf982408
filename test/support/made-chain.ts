import type { BackupRecord } from '../../src/repository/layout/backup-record.ts';
import { catalogueOf } from '../../src/repository/layout/catalogue.ts';
import type { Chain } from '../../src/repository/layout/chain.ts';
import { stamp } from './stamp.ts';

/** Bytes that each backup of a made chain holds. */
export const LINK_BYTES = 100;

/** What a backup record of a made chain says, where a test says nothing else. */
const RECORD: BackupRecord = {
  format: 2,
  tool: 'zodbvault',
  source: '/site/Data.fs',
  madeAt: '2026-03-01T04:05:06.000Z',
  start: 0,
  end: LINK_BYTES,
  md5: '0'.repeat(32),
  firstTid: null,
  lastTid: '0'.repeat(16),
  transactionCount: 1,
  stored: { name: '', sizeBytes: LINK_BYTES, sha256: '0'.repeat(64) },
  index: { sizeBytes: 0, sha256: '0'.repeat(64) },
  samples: [],
};

/** The catalogue of a repository with files of these names. */
export function catalogueWith(...names: readonly string[]) {
  return catalogueOf(names.map((name) => ({ name, sizeBytes: LINK_BYTES })));
}

/**
 * A chain that is whole: a full backup, and an increment for each more moment, of {@link LINK_BYTES} each.
 *
 * @param moments - stamps, or what the record of a backup says beside
 */
export function madeChain(
  ...moments: readonly (readonly [at: string, record?: Partial<BackupRecord>])[]
): Chain {
  const names = moments.map(([at], index) => `${at}.${index === 0 ? 'fs' : 'deltafs'}`);
  const [first = ''] = moments[0] ?? [];
  const [files] = catalogueWith(...names, `${first}.dat`).chains;
  if (files === undefined) throw new RangeError('a chain begins with a full backup');
  const links = [files.full, ...files.increments].map((file, index) => {
    const range = { start: index * LINK_BYTES, end: (index + 1) * LINK_BYTES };
    const record = { ...RECORD, ...range, ...moments[index]?.[1] };
    return { file, range, md5: record.md5, record };
  });
  return { stamp: stamp(first), links, faults: [], unreadRecords: [], files, dat: '' };
}
