import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import { drain, tap } from '../system/streams/pipeline.ts';
import type { WorkProgress } from '../system/streams/progress.ts';
import { readLink, readUnlisted } from './content/read-backup.ts';
import { isSound } from './judgement.ts';
import type { Catalogue } from './layout/catalogue.ts';
import { type Chain, type ChainFault, readChain } from './layout/chain.ts';
import type { Stamp } from './layout/stamp.ts';
import type { FailedRead, RepositoryProblem } from './problem.ts';
import type { Judgements } from './read-judgements.ts';

/** From which restore point on a chain can't be restored, and why. */
export interface Damage {
  readonly stamp: Stamp;
  readonly problem: RepositoryProblem;
}

/** What was found in a repository. */
export interface Damages {
  readonly damaged: readonly Damage[];
  /** Stamps of full backups in which something was suspected, and nothing found. */
  readonly whole: readonly Stamp[];
}

/**
 * Finds what nothing can be restored from: what lost its full backup, and in chains with a fault, a file of
 * another size, or a check that came out bad, the first file of which the bytes are not those that were
 * written. They are read again, so that nothing is judged by what was true once.
 */
export async function findDamage(
  store: Store,
  {
    catalogue,
    judgements,
    progress,
    signal,
  }: {
    readonly catalogue: Catalogue;
    readonly judgements: Judgements;
    readonly progress: WorkProgress;
    readonly signal: AbortSignal;
  },
): Promise<Damages> {
  const damaged: Damage[] = catalogue.datWithoutFull.map((stamp) => ({
    stamp,
    problem: { kind: 'full-backup-missing' },
  }));
  const [orphan] = catalogue.withoutFull;
  if (orphan !== undefined && !damaged.some(({ stamp }) => stamp <= orphan.stamp)) {
    damaged.push({ stamp: orphan.stamp, problem: { kind: 'no-full-backup' } });
  }
  const whole: Stamp[] = [];
  const onChunk = (chunk: Uint8Array) => {
    signal.throwIfAborted();
    progress.onBytes(chunk.length);
  };
  for (const files of catalogue.chains) {
    const chain = await readChain(store, files);
    const isSuspect = chain.links.some(({ file }) => hasSuspectFile(file.stamp, judgements));
    if (chain.faults.length === 0 && !isSuspect) continue;
    const isNewest = files === catalogue.chains.at(-1);
    const found = await firstDamage(store, { chain, isNewest, onFile: progress.onFile, onChunk });
    if (found === undefined) whole.push(chain.stamp);
    else damaged.push(found);
  }
  return { damaged: damaged.sort((a, b) => (a.stamp < b.stamp ? -1 : 1)), whole };
}

function hasSuspectFile(stamp: Stamp, judgements: Judgements): boolean {
  const judgement = judgements.get(stamp);
  return judgement !== undefined && !isSound(judgement);
}

async function firstDamage(
  store: Store,
  {
    chain,
    isNewest,
    onFile,
    onChunk,
  }: {
    readonly chain: Chain;
    readonly isNewest: boolean;
    readonly onFile: (name: string) => void;
    readonly onChunk: (chunk: Uint8Array) => void;
  },
): Promise<Damage | undefined> {
  for (const link of chain.links) {
    onFile(link.file.name);
    const problem = await faultIn(() =>
      drain(tap(readLink(store, { link, check: 'checksums' }), onChunk)),
    );
    if (problem !== undefined) return { stamp: link.file.stamp, problem };
  }
  const { files, links } = chain;
  const all = [files.full, ...files.increments];
  if (chain.dat === '') {
    // A restore goes by the records, or else by the transactions themselves.
    if (links.length === all.length) return undefined;
    const problem = await faultIn(() => drain(tap(readUnlisted(store, all, onFile), onChunk)));
    return problem === undefined ? undefined : { stamp: files.full.stamp, problem };
  }
  const [fault] = chain.faults;
  // The next backup finishes one that was interrupted.
  const isInterrupted = isNewest && chain.faults.length === 1 && fault?.kind === 'unlisted-file';
  if (fault === undefined || isInterrupted) return undefined;
  const stamp = stampOfFault(fault, chain);
  return stamp === undefined ? undefined : { stamp, problem: fault };
}

/** From where on a fault breaks the chain; undefined where everything in it can be restored all the same. */
function stampOfFault(fault: ChainFault, { files, links }: Chain): Stamp | undefined {
  switch (fault.kind) {
    case 'missing-file':
    case 'gap':
      return fault.stamp;
    case 'broken-dat':
    case 'unlisted-file':
      return [files.full, ...files.increments][links.length]?.stamp;
    case 'missing-dat':
      return undefined;
    default:
      return fault satisfies never;
  }
}

/** What is wrong with the bytes that are read. */
async function faultIn(read: () => Promise<unknown>): Promise<FailedRead | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code !== 'damaged' && error.code !== 'not-found') throw error;
    return { kind: 'failed-read', message: error.message };
  }
}
