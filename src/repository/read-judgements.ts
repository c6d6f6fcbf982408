import type { Store } from '../stores/store.ts';
import type { Catalogue } from './catalogue.ts';
import { type Chain, type ChainReader, describeFault, hasOtherSize, readChain } from './chain.ts';
import { type Check, readChecks } from './checks.ts';
import { runEndOf } from './completion.ts';
import { type BlobFacts, type Judgement, judgePoint, type PointFacts } from './judgement.ts';
import { knownAtBackup } from './known-at-backup.ts';
import type { Stamp } from './stamp.ts';

/** Judgements by the stamps of all restore points of a repository, in their order. */
export type Judgements = ReadonlyMap<Stamp, Judgement>;

/** What tells of the blobs of a point that the run has ended as it has. */
export type BlobFactsOf = (
  point: Pick<PointFacts, 'stamp' | 'runEnd'> & {
    /** The folder to which its run backed up its blobs; undefined: it has not said. */
    readonly blobFolder: string | undefined;
  },
) => Promise<BlobFacts>;

/** What the restore points of a repository are judged by. */
interface Reading {
  readonly catalogue: Catalogue;
  readonly chainOf?: ChainReader;
  /** Absent where nobody knows of blobs. */
  readonly blobsOf?: BlobFactsOf | undefined;
}

/** Judges every restore point of a repository. */
export async function readJudgements(store: Store, reading: Reading): Promise<Judgements> {
  const facts = await readFacts(store, reading);
  return new Map([...facts].map(([stamp, one]) => [stamp, judgePoint(one)]));
}

/**
 * Reads of every restore point its files' names and sizes, the records beside them, what was remembered of looks into
 * it, and what is known of its blobs; but no data file.
 */
export async function readFacts(
  store: Store,
  {
    catalogue,
    chainOf = (files) => readChain(store, files),
    blobsOf = async () => ({ kind: 'unseen' }),
  }: Reading,
): Promise<ReadonlyMap<Stamp, PointFacts>> {
  const checks = await readChecks(store);
  const all = new Map<Stamp, PointFacts>();
  for (const files of catalogue.chains) {
    const chain = await chainOf(files);
    const known = knownAtBackup(chain);
    for (const { stamp } of [files.full, ...files.increments]) {
      const link = chain.links.find(({ file }) => file.stamp === stamp);
      const runEnd = link === undefined ? 'unrecorded' : runEndOf(link);
      const facts = { stamp, runEnd, known, files: faultsOfFiles(chain, stamp) };
      const looks = checks.filter((one) => isOf(one, { stamp, chain }));
      const blobFolder = link?.record?.blobs?.folder;
      const blobs = await blobsOf({ ...facts, blobFolder });
      all.set(stamp, { ...facts, checks: looks, blobs });
    }
  }
  return all;
}

/** Whether a look was one at this point, or has found something wrong in the files that it builds on. */
function isOf(
  { stamp, part, outcome, kind, faults }: Check,
  { stamp: wanted, chain }: { readonly stamp: Stamp; readonly chain: Chain },
): boolean {
  if (stamp === wanted) return true;
  if (part === 'blobs' || outcome === 'good' || stamp > wanted) return false;
  const isStored = faults === undefined ? kind === 'verify' : faults.where === 'stored';
  return isStored && chain.links.some(({ file }) => file.stamp === stamp);
}

/** Faults behind a point are none of its business. */
function faultsOfFiles({ links, faults, dat }: Chain, stamp: Stamp): readonly string[] {
  const found: string[] = [];
  for (const fault of faults) {
    switch (fault.kind) {
      case 'missing-file':
      case 'gap':
        if (fault.stamp <= stamp) found.push(describeFault(fault));
        break;
      case 'broken-dat':
      case 'unlisted-file': {
        const isUnlisted = !links.some(({ file }) => file.stamp === stamp);
        if (isUnlisted && dat !== '') found.push(describeFault(fault));
        break;
      }
      case 'missing-dat':
        break; // The records, or the transactions themselves, speak for what is there.
      default:
        fault satisfies never;
    }
  }
  for (const link of links) {
    if (link.file.stamp > stamp || !hasOtherSize(link)) continue;
    found.push(`"${link.file.name}" has another size than was written`);
  }
  return found;
}
