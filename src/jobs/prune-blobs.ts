import { basename } from 'node:path';
import { removeSet } from '../blobs/blob-folder.ts';
import { readBlobCatalogue } from '../blobs/catalogue.ts';
import { type EntrySet, entrySets } from '../blobs/sets.ts';
import type { Identity } from '../repository/identity.ts';
import { type BlobRule, type BlobSet, planBlobRetention } from '../retention/blob-rules.ts';
import { type JobContext, withStep } from './events.ts';

/** Which blob backups are looked at. */
interface BlobPruning {
  readonly folder: string;
  /** The live blob directory. */
  readonly source: string;
  readonly rule: BlobRule;
  readonly identity: Identity | undefined;
}

/**
 * Decides which blob backups a rule doesn't keep, oldest first. Those of which it isn't clear that they
 * belong to this repository stay.
 *
 * @param coming - one that will be there when this is carried out
 */
export async function planBlobPrune(
  { folder, source, rule, identity }: BlobPruning,
  coming?: Pick<BlobSet, 'stamp' | 'family'>,
): Promise<{
  readonly removed: readonly { readonly set: EntrySet; readonly reason: string }[];
  readonly unclear: readonly EntrySet[];
}> {
  const catalogue = await readBlobCatalogue(folder, basename(source));
  const there = entrySets(catalogue.entries).map((set) => ({
    set,
    stamp: set.newest.stamp,
    family: set.family,
    worth: set.worth,
    owner: ownerOf(set, identity),
  }));
  const next =
    coming === undefined
      ? []
      : [{ ...coming, set: undefined, worth: 'backup', owner: 'this' } as const];
  const { removed, unclear } = planBlobRetention<BlobSet & { set: EntrySet | undefined }>(
    [...next, ...there],
    rule,
  );
  return {
    removed: removed.flatMap(({ set: { set }, reason }) => (set ? [{ set, reason }] : [])),
    unclear: unclear.flatMap(({ set }) => set ?? []),
  };
}

/** Carries that out, and names what stays. The caller holds the folder's lock. */
export async function pruneBlobs(
  pruning: BlobPruning,
  context: JobContext,
): Promise<readonly string[]> {
  const { folder } = pruning;
  const { removed, unclear } = await planBlobPrune(pruning);
  const names: string[] = [];
  for (const { set, reason } of removed) {
    const fileNames = await withStep(context, {
      step: 'remove',
      totalBytes: undefined,
      work: ({ onFile }) => removeSet(folder, { set, onFile }),
    });
    names.push(...fileNames);
    context.onEvent({ kind: 'files-removed', folder, fileNames, reason });
  }
  if (unclear.length > 0) {
    context.onEvent({
      kind: 'blobs-kept',
      folder,
      names: unclear.flatMap(({ entries }) => entries.map(({ name }) => name)),
    });
  }
  return names;
}

/**
 * An entry of another program belongs here if it is not older than what the repository ever held. A
 * numbered one doesn't say how old it is: its file time is that of whatever copied it last.
 */
function ownerOf({ entries }: EntrySet, identity: Identity | undefined): BlobSet['owner'] {
  const isOurs = entries.every(({ record, stamp, stampFrom }) => {
    const repository = record?.repository ?? null;
    if (repository !== null) return repository === identity?.id;
    if (stampFrom === 'file-time') return false;
    return identity !== undefined && stamp >= identity.since;
  });
  return isOurs ? 'this' : 'unclear';
}
