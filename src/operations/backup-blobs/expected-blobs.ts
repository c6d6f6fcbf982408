import { MAGIC_BYTES } from '../../filestorage/format.ts';
import { findRevision, type Revision } from '../../filestorage/index/find-revision.ts';
import { OidIndex } from '../../filestorage/index/oid-index.ts';
import { RecordFollower } from '../../filestorage/pickle/record-follower.ts';
import { scanTransactions } from '../../filestorage/scan-transactions.ts';
import type { ScanVisitor } from '../../filestorage/scan-visitor.ts';
import { parseTid, type Tid } from '../../filestorage/tid.ts';
import { readStoredIndex } from '../../repository/content/stored-index.ts';
import type { Catalogue } from '../../repository/layout/catalogue.ts';
import { readChain } from '../../repository/layout/chain.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { compareQuickly } from '../../repository/lineage/comparison.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import { type FileSource, openFileSource } from '../../system/files/byte-source.ts';
import { type JobContext, stoppable, withStep } from '../run/events.ts';

/** What tells which blobs a blob directory must have. */
export interface ExpectedBlobs {
  /**
   * The last transaction of the Data.fs backup of a moment if the Data.fs has only grown since: no pack has taken
   * any of the blobs away that were committed up to it. Undefined where it was packed, or nobody can tell.
   */
  readonly lastOf: (stamp: Stamp) => Promise<Tid | undefined>;
  /** Those revisions of blobs that the Data.fs holds; all of them where nobody can tell. */
  readonly heldOf: <T extends Revision>(revisions: readonly T[]) => Promise<readonly T[]>;
  /** Whether the Data.fs is known to hold the record of any blob. Reads all of it. */
  readonly areNamed: () => Promise<boolean>;
}

/** Where no Data.fs is backed up. */
export const NOBODY_KNOWS: ExpectedBlobs = {
  lastOf: async () => undefined,
  heldOf: async (revisions) => revisions,
  areNamed: async () => false,
};

interface Knowledge {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly dataFs: string;
  readonly context: JobContext;
}

/** By the backups of a Data.fs, of which the newest was made by this run, and by itself. */
export function expectedBlobs(knowledge: Knowledge): ExpectedBlobs {
  const lastOf = (stamp: Stamp) => lastTidOfUnpacked(stamp, knowledge);
  let index: Promise<OidIndex | undefined> | undefined;
  return {
    lastOf,
    heldOf: async (revisions) => {
      if (revisions.length === 0) return revisions;
      await using source = await openFileSource(knowledge.dataFs).catch(absent);
      if (source === undefined) return revisions;
      index ??= indexOf(source, { ...knowledge, lastOf });
      const known = await index;
      if (known === undefined) return revisions;
      const found: (typeof revisions)[number][] = [];
      for (const revision of revisions) {
        if ((await findRevision(source, { index: known, revision })) !== 'gone')
          found.push(revision);
      }
      return found;
    },
    areNamed: async () => {
      await using source = await openFileSource(knowledge.dataFs).catch(absent);
      return source !== undefined && (await namesBlobs(source, knowledge));
    },
  };
}

/** That of the newest backup, if the Data.fs goes on where it ends, or else of a walk; undefined where it is damaged. */
async function indexOf(
  source: FileSource,
  { store, catalogue, lastOf, context }: Knowledge & Pick<ExpectedBlobs, 'lastOf'>,
): Promise<OidIndex | undefined> {
  const files = catalogue.chains.at(-1);
  const link = files === undefined ? undefined : (await readChain(store, files)).links.at(-1);
  if (link !== undefined && (await lastOf(link.file.stamp)) !== undefined) {
    const stored = await readStoredIndex(store, link);
    if (stored?.isProven === true) return stored.index;
  }
  const index = new OidIndex();
  const isWhole = await walk(source, {
    visitor: { transaction: ({ records }) => index.apply(records) },
    context,
  });
  return isWhole ? index : undefined;
}

/** Not where it is damaged in front of the first one. */
async function namesBlobs(
  source: FileSource,
  { context }: Pick<Knowledge, 'context'>,
): Promise<boolean> {
  const follower = new RecordFollower();
  let areNamed = false;
  await walk(source, {
    visitor: {
      head: (head) => {
        areNamed ||= follower.isOfBlob(head);
      },
    },
    context,
  });
  return areNamed;
}

/** Reads a Data.fs; whether to its end. */
async function walk(
  source: FileSource,
  { visitor, context }: { readonly visitor: ScanVisitor; readonly context: JobContext },
): Promise<boolean> {
  try {
    await withStep(context, {
      step: 'read',
      totalBytes: source.sizeBytes,
      work: async (progress) => {
        const { onFile, onBytes } = stoppable(progress, context.signal);
        onFile(source.path);
        await scanTransactions(source, { from: MAGIC_BYTES, visitor, onBytes });
      },
    });
    return true;
  } catch (error) {
    if (!isFailure(error, 'damaged')) throw error;
    return false;
  }
}

async function lastTidOfUnpacked(
  stamp: Stamp,
  { store, catalogue, dataFs }: Knowledge,
): Promise<Tid | undefined> {
  const files = catalogue.chains.findLast(({ full }) => full.stamp <= stamp);
  if (files === undefined) return undefined;
  const chain = await readChain(store, files);
  const links = chain.links.slice(0, chain.links.findIndex(({ file }) => file.stamp === stamp) + 1);
  const tid = parseTid(links.at(-1)?.record?.lastTid ?? '');
  if (tid === undefined) return undefined;
  await using source = await openFileSource(dataFs).catch(absent);
  if (source === undefined || source.sizeBytes < (links.at(-1)?.range.end ?? 0)) return undefined;
  const { kind } = await compareQuickly(source, { ...chain, links });
  return kind === 'same' ? tid : undefined;
}

/** A pack is about to put the new file there. */
function absent(error: unknown): undefined {
  if (!isFailure(error, 'not-found')) throw error;
}
