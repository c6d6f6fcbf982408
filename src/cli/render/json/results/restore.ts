import * as v from 'valibot';
import type { Site } from '../../../../config/model/site.ts';
import type { FileToFastForward } from '../../../../operations/restore/apply-restore.ts';
import type { NewerTransactions } from '../../../../operations/restore/newer-transactions.ts';
import type { RestorePlan, RestoreResult } from '../../../../operations/restore/restore-plan.ts';
import type { SiteRestorePlan } from '../../../../operations/restore/site-restore-plan.ts';
import type { JobEvent } from '../../../../operations/run/events.ts';
import { ofPoint, pointAsJson } from '../point.ts';
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
  ...ofPoint,
  target: said('the Data.fs that is made or replaced', v.string()),
  replaces: maybe('whether something is there', v.boolean()),
  sizeBytes: maybe('of the Data.fs; absent where only reading it all would tell', Bytes),
  hadBytes: said('which the target had already, as an earlier state of it', Bytes),
  fileNames: maybe('of the backup, which it takes', v.array(v.string())),
  newer: maybe(
    'with `--dry-run`: what the target has behind the restore point, which the site would lose; absent where it is not known',
    v.strictObject({
      transactions: Count,
      isMore: maybe('whether there are more than were counted', v.boolean()),
      lastTime: maybe('of the last one', Moment),
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
  replaces: maybe('whether something is there', v.boolean()),
  fileNames: maybe('copy, or archives, which it takes', v.array(v.string())),
});

export const restoreResult = {
  action: v.picklist(['restore', 'undo', 'discard-old']),
  outcome: Outcome,
  filestorages: v.array(FilestorageSchema),
  blobs: v.array(BlobsSchema),
  undo: maybe(
    'what `--undo` swaps back',
    v.strictObject({
      restored: said('what the restore had brought', v.string()),
      time: said('when that was', Moment),
      paths: said('what is swapped back', v.array(v.string())),
      removed: said('what was not there before that restore', v.array(v.string())),
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
  const where = { ...pointAsJson(point.stamp), target };
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
  const where = { site: site.part, storage, ...pointAsJson(point.stamp), target };
  return { ...where, sizeBytes, hadBytes, index };
}

/** The same of blobs. */
export function restoredBlobsAsJson(
  { target, entry: name }: Extract<JobEvent, { readonly kind: 'blobs-restored' }>,
  site: Site,
): JsonBlobs {
  const storage = site.storages.find(({ blobs }) => blobs === target)?.name;
  return { site: site.part, storage, name, target };
}
