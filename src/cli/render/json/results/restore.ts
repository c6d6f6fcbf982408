import * as v from 'valibot';
import type { Site } from '../../../../config/model/site.ts';
import type { FileToFastForward } from '../../../../operations/restore/apply-restore.ts';
import type { NewerTransactions } from '../../../../operations/restore/newer-transactions.ts';
import type { RestorePlan, RestoreResult } from '../../../../operations/restore/restore-plan.ts';
import type { SiteRestorePlan } from '../../../../operations/restore/site-restore-plan.ts';
import type { JobEvent } from '../../../../operations/run/events.ts';
import { cutOf } from '../../../../repository/restore-point.ts';
import { ofState, stateAsJson } from '../point.ts';
import {
  Bytes,
  Count,
  Label,
  Moment,
  maybe,
  Outcome,
  ofSite,
  type Result,
  said,
} from '../values.ts';

const FilestorageSchema = v.strictObject({
  ...ofSite,
  storage: v.optional(Label.storage),
  ...ofState,
  target: said('the Data.fs that is made or replaced', v.string()),
  replaces: maybe('whether it replaces something', v.boolean()),
  sizeBytes: maybe(
    'size of the Data.fs; absent if zodbvault would have to read everything to know it',
    Bytes,
  ),
  hadBytes: said('bytes that the target already had, if it was an earlier state', Bytes),
  fileNames: maybe('files of the backup that it restores', v.array(v.string())),
  newer: maybe(
    'with `--dry-run`: what was committed after the restore point, and what the site would lose; absent if it is unknown',
    v.strictObject({
      transactions: Count,
      isMore: maybe('whether there are more transactions than that', v.boolean()),
      lastTime: maybe('of the last transaction', Moment),
    }),
  ),
  index: maybe(
    '`without`: the server will make an index when it starts',
    v.picklist(['restored', 'without']),
  ),
});

const BlobsSchema = v.strictObject({
  ...ofSite,
  storage: v.optional(Label.storage),
  name: said('of the copy or archive', v.string()),
  target: said('the blob directory that is made or replaced', v.string()),
  replaces: maybe('whether it replaces something', v.boolean()),
  fileNames: maybe('the copy or the archives that it restores', v.array(v.string())),
  unchanged: maybe('every blob was there as in the backup, so nothing was replaced', v.boolean()),
});

export const restoreResult = {
  action: v.picklist(['restore', 'undo', 'discard-old']),
  outcome: Outcome,
  filestorages: v.array(FilestorageSchema),
  blobs: v.array(BlobsSchema),
  undo: maybe(
    'what `--undo` swaps back',
    v.strictObject({
      restored: said('the path that the restore had put there', v.string()),
      time: said('when the restore ran', Moment),
      paths: said('the paths that are swapped back', v.array(v.string())),
      removed: said('the paths that did not exist before the restore', v.array(v.string())),
    }),
  ),
  discarded: maybe('what `--discard-old` removes', v.array(v.string())),
};
export type JsonRestore = Result<typeof restoreResult>;

export type JsonFilestorage = v.InferOutput<typeof FilestorageSchema>;
type JsonBlobs = v.InferOutput<typeof BlobsSchema>;

/**
 * What a restore would do.
 *
 * @param fastForwards - what is only appended to
 * @param newer - what each Data.fs has behind its restore point, as far as that is asked
 */
export function planAsJson(
  { filestorages, blobs }: SiteRestorePlan,
  {
    site,
    fastForwards,
    newer,
  }: {
    readonly site: Site;
    readonly fastForwards: readonly FileToFastForward[];
    readonly newer: ReadonlyMap<RestorePlan, NewerTransactions>;
  },
): Pick<JsonRestore, 'filestorages' | 'blobs'> {
  return {
    filestorages: filestorages.map((one) => {
      const ahead = fastForwards.find(({ of }) => of === one);
      const labels = { site: site.part, storage: one.storage };
      return {
        ...labels,
        ...filestorageAsJson(one.plan, ahead),
        newer: newerAsJson(newer.get(one.plan)),
      };
    }),
    blobs: blobs.map(({ storage, plan: { choice, target, replaces } }) => ({
      ...{ site: site.part, storage, name: choice.entry.name, target, replaces },
      fileNames: (choice.kind === 'archives' ? choice.chain : [choice.entry]).map(
        ({ name }) => name,
      ),
    })),
  };
}

function newerAsJson(newer: NewerTransactions | undefined): JsonFilestorage['newer'] {
  switch (newer?.kind) {
    case undefined:
    case 'unknown':
      return undefined;
    case 'none':
      return { transactions: 0 };
    case 'some':
      return { transactions: newer.count, isMore: newer.isMore, lastTime: newer.lastAt };
    default:
      return newer satisfies never;
  }
}

function filestorageAsJson(
  { point, target, replaces }: RestorePlan,
  ahead: FileToFastForward | undefined,
): Omit<JsonFilestorage, 'site' | 'storage'> {
  const where = { ...stateAsJson(point.stamp, cutOf(point)), target };
  if (ahead === undefined) {
    const fileNames = point.files.map(({ name }) => name);
    return { ...where, replaces, sizeBytes: point.end, hadBytes: 0, fileNames };
  }
  const { rest, sizeBytes: hadBytes } = ahead.fastForward;
  return {
    ...where,
    replaces: false,
    sizeBytes: rest.at(-1)?.range.end ?? hadBytes,
    hadBytes,
    fileNames: rest.map(({ file }) => file.name),
  };
}

/** What of a Data.fs was put where. */
export function restoredAsJson(
  { plan: { point, target }, sizeBytes, hadBytes, index }: RestoreResult,
  site: Site,
): JsonFilestorage {
  const storage = site.storages.find(({ dataFs }) => dataFs === target)?.name;
  const where = { site: site.part, storage, ...stateAsJson(point.stamp, cutOf(point)), target };
  return { ...where, sizeBytes, hadBytes, index };
}

/** What is told of the blobs that are there at the end. */
type BlobsInPlace = Extract<JobEvent, { readonly kind: 'blobs-restored' | 'blobs-as-backed-up' }>;

/** The same of blobs. */
export function restoredBlobsAsJson(
  { kind, target, entry: name }: BlobsInPlace,
  site: Site,
): JsonBlobs {
  const storage = site.storages.find(({ blobs }) => blobs === target)?.name;
  const unchanged = kind === 'blobs-as-backed-up';
  return { site: site.part, storage, name, target, ...(unchanged && { unchanged }) };
}
