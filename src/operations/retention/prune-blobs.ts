import { basename } from 'node:path';
import { type BackupSet, backupSets } from '../../blobs/layout/backup-sets.ts';
import { removeSet } from '../../blobs/layout/blob-folder.ts';
import type { BlobCatalogue, BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { findDataFsBackups } from '../../blobs/ownership/filestorage-of-blobs.ts';
import {
  canBeLookedAt,
  type EntryOwner,
  findOwners,
  type OwningRepository,
} from '../../blobs/ownership/ownership.ts';
import {
  type BlobRule,
  type BlobSet,
  planBlobRetention,
} from '../../blobs/retention/blob-retention.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { JobContext } from '../run/events.ts';
import type { RemovalReason } from '../run/removal-reason.ts';
import type { RemovalGuard } from './removal-guard.ts';
import { tellRemoval } from './tell-removal.ts';

/** Which blob backups are looked at. */
interface BlobPruning {
  readonly folder: string;
  /** The live blob directory. */
  readonly source: string;
  readonly rule: BlobRule;
  readonly owner: RetentionOwner;
}

/** What the Data.fs backups of the same storage say. */
export type RetentionOwner =
  /** `gone`: stamps of those that go in this run. `borrowed`: see `findBorrowedBlobs`. */
  | {
      readonly kind: 'decides';
      readonly repository: OwningRepository;
      readonly gone: ReadonlySet<Stamp>;
      readonly borrowed: ReadonlySet<string>;
    }
  /** No Data.fs is backed up now; in the folder may be some from before, or of another part. */
  | { readonly kind: 'alone'; readonly repository: string };

/** Which blob backups a rule doesn't keep, oldest first. */
export interface BlobPrunePlan {
  readonly removed: readonly { readonly set: BackupSet; readonly reason: RemovalReason }[];
  /** They stay: it isn't clear that they belong to this repository. */
  readonly unclear: readonly BackupSet[];
  /** They stay: a copy of this repository, or the one that this is a copy of, has made them. */
  readonly ofCopy: readonly BackupSet[];
}

/**
 * Decides that.
 *
 * @param coming - one that will be there when this is carried out
 */
export async function planBlobPrune(
  { folder, source, rule, owner, backups }: BlobPruning & { readonly backups: OpenBackups },
  coming?: Pick<BlobSet, 'stamp' | 'family'>,
): Promise<BlobPrunePlan> {
  const catalogue = await (await backups.blobFolder(folder)).catalogue(basename(source));
  const { entries } = catalogue;
  const judge = await judgeOf(catalogue, { owner, source, backups });
  const isOthers = (entry: BlobEntry) => ['other', 'copy'].includes(judge.ownerOf(entry));
  const planned = (some: readonly BlobEntry[], next: readonly PlannedSet[]) => {
    const sets = backupSets(some).map(
      (set): PlannedSet => ({
        set,
        stamp: set.newest.stamp,
        family: set.family,
        worth: set.worth,
        owner: set.entries.every(judge.isOurs) ? 'this' : 'unclear',
        dataFsBackup: worst(set.entries.map(judge.dataFsBackupOf)),
      }),
    );
    return planBlobRetention<PlannedSet>([...next, ...sets], rule);
  };
  const next = { set: undefined, worth: 'backup', owner: 'this', dataFsBackup: 'none' } as const;
  const own = planned(
    entries.filter((entry) => !isOthers(entry)),
    coming === undefined ? [] : [{ ...coming, ...next }],
  );
  // Apart: chains of two sites have nothing to do with each other.
  const others = planned(entries.filter(isOthers), []);
  const unclear = [...own.unclear, ...others.unclear].flatMap(({ set }) => set ?? []);
  const isOfCopy = (set: BackupSet) => set.entries.some((entry) => judge.ownerOf(entry) === 'copy');
  const isBorrowed = (set: BackupSet) =>
    owner.kind === 'decides' && set.entries.some(({ name }) => owner.borrowed.has(name));
  const byRule = own.removed.flatMap(({ set: { set }, reason }) =>
    set === undefined || isBorrowed(set) ? [] : [{ set, reason }],
  );
  const going = new Set(byRule.flatMap(({ set }) => set.entries));
  const left = backupSets(entries.filter((entry) => !going.has(entry)));
  const orphans = left.filter((set) => set.entries.every(judge.goesNow) && !isBorrowed(set));
  return {
    removed: [
      ...byRule,
      ...orphans.map((set) => ({ set, reason: { kind: 'filestorage-backup-goes' } as const })),
    ],
    unclear: unclear.filter((set) => !isOfCopy(set)),
    ofCopy: unclear.filter(isOfCopy),
  };
}

type PlannedSet = BlobSet & { readonly set: BackupSet | undefined };

interface Judge {
  readonly ownerOf: (entry: BlobEntry) => EntryOwner;
  readonly isOurs: (entry: BlobEntry) => boolean;
  readonly dataFsBackupOf: (entry: BlobEntry) => BlobSet['dataFsBackup'];
  /** Whether it is ours, and the Data.fs backup goes that it belongs to. */
  readonly goesNow: (entry: BlobEntry) => boolean;
}

async function judgeOf(
  catalogue: BlobCatalogue,
  {
    owner,
    source,
    backups,
  }: Pick<BlobPruning, 'owner' | 'source'> & { readonly backups: OpenBackups },
): Promise<Judge> {
  switch (owner.kind) {
    case 'decides': {
      const ownerOf = await findOwners(catalogue, { ...owner.repository, backups });
      // One that doesn't say belongs to the Data.fs backup whose stamp it has in its name; only as long as that
      // is there, or goes now, it is certain that there was one.
      const isOurs = (entry: BlobEntry) =>
        ownerOf(entry) === 'this' ||
        (ownerOf(entry) === 'unclear' && entry.stampFrom === 'name' && owner.gone.has(entry.stamp));
      const goesNow = (entry: BlobEntry) => isOurs(entry) && owner.gone.has(entry.stamp);
      return { ownerOf, isOurs, dataFsBackupOf: () => 'none', goesNow };
    }
    case 'alone':
      return {
        ownerOf: () => 'unclear',
        isOurs: () => false,
        goesNow: () => false,
        dataFsBackupOf: await findDataFsBackups(catalogue, { ...owner, source, backups }),
      };
    default:
      return owner satisfies never;
  }
}

function worst(all: readonly BlobSet['dataFsBackup'][]): BlobSet['dataFsBackup'] {
  return (['there', 'unclear'] as const).find((one) => all.includes(one)) ?? 'none';
}

/** Carries that out, and names what stays. The caller holds the folder's lock. */
export async function pruneBlobs(
  { guard, ...pruning }: BlobPruning & { readonly guard: RemovalGuard },
  context: JobContext,
): Promise<readonly string[]> {
  const { folder } = pruning;
  const { removed, unclear, ofCopy } = await planBlobPrune({
    ...pruning,
    backups: context.backups,
  });
  const { store } = await context.backups.blobFolder(folder);
  const names: string[] = [];
  const mayRemove = removed.length > 0 && (await guard.ask()) === 'may-remove';
  for (const { set, reason } of mayRemove ? removed : []) {
    const remove = (onFile: (name: string) => void) => removeSet(store, { set, onFile });
    names.push(...(await tellRemoval(context, { folder, reason, remove })));
  }
  if (unclear.length > 0) {
    context.onEvent({ kind: 'blobs-kept', folder, names: namesOf(unclear) });
  }
  if (ofCopy.length > 0) await warnOfCopy(pruning, { sets: ofCopy, context });
  return names;
}

async function warnOfCopy(
  { folder, owner }: BlobPruning,
  { sets, context }: { readonly sets: readonly BackupSet[]; readonly context: JobContext },
): Promise<void> {
  if (owner.kind !== 'decides') return;
  const other = sets
    .flatMap(({ entries }) => entries)
    .find(({ record }) => record?.repositoryPath !== undefined)?.record?.repositoryPath;
  const isOtherReadable = other === undefined || (await canBeLookedAt(other, context.backups));
  context.onEvent({
    kind: 'warning',
    code: 'repository-copied',
    folder,
    repository: owner.repository.path,
    otherRepository: other,
    isOtherReadable,
    entries: namesOf(sets),
  });
}

function namesOf(sets: readonly BackupSet[]): readonly string[] {
  return sets.flatMap(({ entries }) => entries.map(({ name }) => name));
}
