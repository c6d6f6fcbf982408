import { basename } from 'node:path';
import { type Catalogue, pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { BlobFactsOf } from '../../repository/read-judgements.ts';
import { ensureIdentity, type Identity } from '../../repository/records/repository-id.ts';
import type { Store } from '../../stores/store.ts';
import { hasContent } from '../copy/count-tree.ts';
import type { BlobEntry, BlobPlace } from '../layout/catalogue.ts';
import { treeIn } from '../layout/tree-in.ts';
import type { OpenBackups } from '../open-backups.ts';
import { blobsOfPoints } from './blobs-of-points.ts';
import { findOwners, readOwnBlobs } from './ownership.ts';

/** The repository that decides how long the blobs of its storage stay. */
export interface RetentionRepository {
  readonly catalogue: Catalogue;
  readonly identity: Identity;
  readonly oldestFull: Stamp;
}

/**
 * Undefined where it holds no full backup. One that has lost its identity is recognised by the blob
 * backups that were made together with its data files.
 *
 * @param repository - its folder
 */
export async function findRetentionRepository(
  repository: string,
  {
    blobs: { source, folder },
    backups,
    identify = ensureIdentity,
  }: {
    readonly blobs: BlobPlace;
    readonly backups: OpenBackups;
    readonly identify?: typeof ensureIdentity | undefined;
  },
): Promise<RetentionRepository | undefined> {
  const opened = await backups.repository(repository);
  const catalogue = await opened.catalogue();
  const oldestFull = catalogue.chains[0]?.full.stamp;
  if (oldestFull === undefined) return undefined;
  const blobs = await (await backups.blobFolder(folder)).catalogue(basename(source));
  const ownerOf = await findOwners(blobs, { id: undefined, path: repository, backups });
  const identity = await identify(opened.store, {
    known: blobs.entries.flatMap((entry) => {
      const { record, stamp } = entry;
      // Of a site with the same folder for its blob backups: its identity is taken.
      if (typeof record?.repository !== 'string' || ownerOf(entry) === 'other') return [];
      return [{ stamp, repository: record.repository }];
    }),
    stamps: new Set(pointStampsOf(catalogue)),
    oldestFull,
  });
  return { catalogue, identity, oldestFull };
}

/** The blobs of a storage, as far as they say how long its Data.fs backups stay. */
export interface CountingBlobs {
  readonly factsOf: BlobFactsOf;
  /** Counts the files of those of a moment; of archives, it looks for their size and their ends. */
  readonly amountOf: (stamp: Stamp) => Promise<'as-recorded' | 'other'>;
}

/** A numbered entry of another program, which has a file time alone, tells of no moment. */
export async function blobsThatCount(
  { source, folder }: BlobPlace,
  {
    repository,
    backups,
    signal,
  }: {
    readonly repository: string;
    readonly backups: OpenBackups;
    readonly signal: AbortSignal;
  },
): Promise<CountingBlobs> {
  const catalogue = await readOwnBlobs({ source, folder }, { repository, backups });
  const stamps = pointStampsOf(await (await backups.repository(repository)).catalogue());
  const { factsOf } = blobsOfPoints(catalogue, { stamps, preferred: 'directories' });
  const dated = [...catalogue.entries, ...catalogue.foreign].filter(
    ({ form, stampFrom }) => form !== 'state' && stampFrom !== 'file-time',
  );
  return {
    factsOf,
    amountOf: async (stamp) => {
      for (const entry of dated.filter((one) => one.stamp === stamp)) {
        if (await isAsRecorded(entry, { store: catalogue.store, signal })) return 'as-recorded';
      }
      return 'other';
    },
  };
}

/** Of numbered archives, another program changes the names, but not the records. */
async function isAsRecorded(
  entry: BlobEntry,
  { store, signal }: { readonly store: Store; readonly signal: AbortSignal },
): Promise<boolean> {
  const { form, record, recordedAs, id, name, base } = entry;
  if (form !== 'directory') return recordedAs !== 'other' || id.kind === 'number';
  const tree = store.tree(name).below(base);
  const expected = record?.content;
  if (expected !== undefined) return hasContent(tree, { expected, signal });
  return await treeIn(entry, store).then(
    () => true,
    () => false,
  );
}
