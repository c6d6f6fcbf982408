import { findBlob } from '../../filestorage/blob-layout.ts';
import {
  holdRecordPath,
  readHoldRecord,
  updateHoldRecord,
} from '../../repository/records/hold-record.ts';
import { FileHasher } from '../checksums/file-hasher.ts';
import { readableSum } from '../checksums/readable-sum.ts';
import type { BlobPlace } from '../layout/catalogue.ts';
import type { OpenBackups } from '../open-backups.ts';
import { lostBlobCandidates } from './lost-blob-candidates.ts';
import { type BlobReading, readOwnBlobs } from './ownership.ts';
import { newestThatTells, sumsOfSurvivingCopy, survivingCopyOf } from './surviving-copy.ts';

/** What the live blob directory has lost, and an older backup has: as long as that is so, nothing old goes. */
export type RetentionHold =
  /** `holder`: the backup that has it. */
  | { readonly kind: 'lost'; readonly source: string; readonly holder: string }
  /** It was so, as a repository says, but where to look is not there any more. */
  | { readonly kind: 'unclear'; readonly record: string; readonly state: string };

/** What a look for one goes by. */
interface Looking {
  readonly backups: OpenBackups;
  readonly signal: AbortSignal;
}

/** Of what stands together; either may be unknown. */
export async function findRetentionHoldOf(
  {
    blobs,
    repository,
  }: { readonly blobs: BlobPlace | undefined; readonly repository: string | undefined },
  { backups, signal }: Looking,
): Promise<RetentionHold | undefined> {
  const looking = { repository, backups, signal };
  const found = blobs === undefined ? undefined : await findRetentionHold(blobs, looking);
  if (found !== undefined || repository === undefined) return found;
  return await findRecordedHold(repository, { ...looking, current: blobs });
}

/**
 * The newest backup that tells counts, also where no blobs have been backed up since, or an earlier version has made
 * archives, which didn't look.
 *
 * @param live - where the blobs are now; undefined: in `source`
 */
export async function findRetentionHold(
  { source, folder }: BlobPlace,
  {
    repository,
    backups,
    signal,
    live = source,
  }: BlobReading & Looking & { readonly live?: string | undefined },
): Promise<RetentionHold | undefined> {
  const catalogue = await readOwnBlobs({ source, folder }, { repository, backups });
  const isGone = (path: string) => findBlob(live, path) === undefined;
  for (const lost of newestThatTells(catalogue.entries)?.record?.lost ?? []) {
    const entry = survivingCopyOf(lost, catalogue);
    if (entry === undefined) continue;
    const { store } = catalogue;
    const holder = store.nameOf(entry.name);
    const hold = { kind: 'lost', source: live, holder } as const;
    if (lost.paths.some(isGone)) return hold;
    const found = await sumsOfSurvivingCopy(store, entry);
    const paths = lostBlobCandidates(lost, found);
    if (paths === undefined || paths.some(isGone)) return hold;
    const hasher = new FileHasher();
    for (const path of found.kind === 'found' ? paths : []) {
      const sum = await readableSum(findBlob(live, path) ?? '', { hasher, signal });
      if (found.kind === 'found' && sum !== found.sums.find(path)) return hold;
    }
  }
  return undefined;
}

/**
 * What was recorded in the repository: for those who know of no blobs, and where the blobs, or their backups, are in
 * another place by now than when they were lost.
 *
 * @param repository - its folder
 * @param current - where they are as far as anybody knows; undefined: where the record says
 */
export async function findRecordedHold(
  repository: string,
  { backups, signal, current }: Looking & { readonly current?: BlobPlace | undefined },
): Promise<RetentionHold | undefined> {
  const { store } = await backups.repository(repository);
  const place = await readHoldRecord(store);
  if (place === undefined) return undefined;
  const record = holdRecordPath(store);
  if (place === 'unreadable') return { kind: 'unclear', record, state: 'zodbvault cannot read it' };
  const { folder } = place;
  // Where its disk is not mounted, there may still be a folder.
  const reading = { repository, backups };
  const { entries } = await readOwnBlobs(place, reading);
  if (newestThatTells(entries) === undefined) {
    // What was found there tells of what has moved there.
    if (current !== undefined && (await hasMovedTo(current, { ...reading, folder })))
      return undefined;
    return { kind: 'unclear', record, state: `in "${folder}" is no copy of them` };
  }
  return await findRetentionHold(place, { ...reading, signal, live: current?.source });
}

async function hasMovedTo(
  place: BlobPlace,
  { folder, ...reading }: BlobReading & { readonly folder: string },
): Promise<boolean> {
  const { entries, foreign } = await readOwnBlobs(place, reading);
  return [...entries, ...foreign].some(({ record }) => record?.folder === folder);
}

/**
 * Records what was found; a record of another place stays as long as what it speaks of does. The caller holds the
 * repository's lock.
 */
export async function recordRetentionHold(
  repository: string,
  {
    place,
    hold,
    looking,
  }: {
    readonly place: BlobPlace;
    readonly hold: RetentionHold | undefined;
    readonly looking: Looking;
  },
): Promise<void> {
  const { store } = await looking.backups.repository(repository);
  if (hold === undefined) return await updateHoldRecord(store, undefined);
  const recorded = await findRecordedHold(repository, { ...looking, current: place });
  if (recorded === undefined) await updateHoldRecord(store, place);
}
