import { isChainWhole } from '../../blobs/archive/verify-chain.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { chainOf } from '../../blobs/layout/choose.ts';
import {
  type ArchiveCompression,
  archiveName,
  entryStem,
  stateName,
} from '../../blobs/layout/entry-name.ts';
import { formatStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { isFailure } from '../../system/failure.ts';
import { withStep } from '../run/events.ts';
import { findGoodArchive, writeOneArchive } from './archive-blobs.ts';
import type { BlobBackupResult } from './blob-backup.ts';
import { type BlobRun, entriesOf, thereAlready } from './blob-run.ts';

/**
 * The names and the rules of the recipe: a chain begins with a full Data.fs backup and has the
 * state of that stamp; every later archive of it holds what changed since the one before.
 */
export async function makeChainLink(
  run: BlobRun,
  compression: ArchiveCompression,
): Promise<BlobBackupResult> {
  const there = await findGoodArchive(run);
  if (there !== undefined) return thereAlready(there, run);
  const start = startOfChain(run);
  const stem = entryStem(run.base, { kind: 'stamp', stamp: run.stamp });
  const name = archiveName(stem, { form: 'archive', compression });
  if (start === undefined) return writeOneArchive(run, { name, compression });
  if (start === run.stamp) return beginChain(run, { name, compression });
  const continues = await continuedBy(run, start);
  if (continues !== undefined) {
    return writeOneArchive(run, {
      name: archiveName(stem, { form: 'delta', compression }),
      compression,
      state: { stamp: start, continues },
    });
  }
  const isClock = run.settings.chainStart.kind === 'clock';
  run.context.onEvent({
    kind: 'warning',
    code: 'archive-chain-broken',
    folder: run.settings.folder,
    start,
    archive: name,
    beginsChain: isClock,
  });
  return isClock
    ? beginChain(run, { name, compression })
    : writeOneArchive(run, { name, compression });
}

async function beginChain(
  run: BlobRun,
  { name, compression }: { readonly name: string; readonly compression: ArchiveCompression },
): Promise<BlobBackupResult> {
  await run.store.remove(stateName(run.base, run.stamp));
  const state = { stamp: run.stamp, continues: undefined };
  return writeOneArchive(run, { name, compression, state });
}

function startOfChain(run: BlobRun): Stamp | undefined {
  const { chainStart, now } = run.settings;
  switch (chainStart.kind) {
    case 'full':
      return chainStart.stamp;
    case 'clock': {
      const newest = entriesOf(run, 'state')[0];
      if (chainStart.full === 'always' || newest === undefined) return run.stamp;
      const oldest = new Date(now().getTime() - chainStart.days * 24 * 3600 * 1000);
      const limit = formatStamp(oldest);
      return newest.stamp < limit ? run.stamp : newest.stamp;
    }
    default:
      return chainStart satisfies never;
  }
}

/** The archive that the state of a chain speaks of, if all that it needs is there and whole. */
async function continuedBy(run: BlobRun, start: Stamp): Promise<BlobEntry | undefined> {
  const state = entriesOf(run, 'state').find(({ stamp }) => stamp === start);
  const archives = run.catalogue.entries.filter(
    ({ form }) => form === 'archive' || form === 'delta',
  );
  if (state === undefined || entriesOf(run, 'archive')[0]?.stamp !== start) return undefined;
  const named = state.record?.archive?.continues;
  const last = named === undefined ? archives[0] : archives.find(({ name }) => name === named);
  if (last === undefined || run.spoilt.includes(last)) return undefined;
  try {
    const chain = chainOf(run.catalogue, last);
    if (chain[0]?.stamp !== start) return undefined;
    if (named !== undefined) return last;
    const { store } = run;
    const { signal } = run.context;
    const isWhole = await withStep(run.context, {
      step: 'verify',
      totalBytes: undefined,
      work: (progress) => isChainWhole(chain, { store, state, signal, progress }),
    });
    return isWhole ? last : undefined;
  } catch (error) {
    if (isFailure(error, 'damaged')) return undefined;
    throw error;
  }
}
