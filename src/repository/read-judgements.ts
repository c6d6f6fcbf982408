import { eachInTurn, giveWay } from '../system/streams/cooperative.ts';
import {
  type BlobFacts,
  type FileFault,
  type Judgement,
  judgePoint,
  type PointFacts,
} from './judgement.ts';
import type { Catalogue } from './layout/catalogue.ts';
import { type Chain, type ChainFault, hasOtherSize } from './layout/chain.ts';
import type { Stamp } from './layout/stamp.ts';
import { sourceFaultsOf } from './lineage/source-faults.ts';
import type { OpenRepository } from './open-repository.ts';
import { type Check, checksByStamp, readChecks } from './records/check-results.ts';
import { runEndOf } from './records/completion.ts';

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
  /** Absent: its own. */
  readonly catalogue?: Catalogue;
  /** Absent where nobody knows of blobs. */
  readonly blobsOf?: BlobFactsOf | undefined;
}

/** Judges every restore point of a repository. */
export async function readJudgements(
  repository: OpenRepository,
  reading: Reading = {},
): Promise<Judgements> {
  const facts = await readFacts(repository, reading);
  const judgements = new Map<Stamp, Judgement>();
  await eachInTurn(facts, ([stamp, one]) => judgements.set(stamp, judgePoint(one)));
  return judgements;
}

/**
 * Reads of every restore point its files' names and sizes, the records beside them, what was remembered of looks into
 * it, and what is known of its blobs; but no data file.
 */
export async function readFacts(
  repository: OpenRepository,
  { catalogue, blobsOf = async () => ({ kind: 'unseen' }) }: Reading,
): Promise<ReadonlyMap<Stamp, PointFacts>> {
  const remembered = await readChecks(repository.store);
  const looksAt = checksByStamp(remembered);
  const places = new Map(remembered.map((check, index) => [check, index]));
  const inOrder = (one: Check, other: Check) => (places.get(one) ?? 0) - (places.get(other) ?? 0);
  const all = new Map<Stamp, PointFacts>();
  for (const files of (catalogue ?? (await repository.catalogue())).chains) {
    const chain = await repository.chainOf(files);
    const known = sourceFaultsOf(chain);
    const links = new Map(chain.links.map((link) => [link.file.stamp, link]));
    const otherSizes: FileFault[] = [];
    const carried = new CarriedChecks(inOrder);
    for (const { stamp } of [files.full, ...files.increments]) {
      const link = links.get(stamp);
      if (link !== undefined && hasOtherSize(link))
        otherSizes.push({ kind: 'resized', fileName: link.file.name });
      const runEnd = link === undefined ? 'unrecorded' : runEndOf(link);
      const faults = [
        ...faultsOfFiles(chain, { stamp, isLinked: link !== undefined }),
        ...otherSizes,
      ];
      const hasUnreadRecord = chain.unreadRecords.includes(stamp);
      const facts = { stamp, runEnd, known, files: faults, hasUnreadRecord };
      const looks = looksAt.get(stamp) ?? [];
      const checks = [...carried.all(), ...looks].sort(inOrder);
      if (link !== undefined) carried.add(looks);
      const blobFolder = link?.record?.blobs?.folder;
      const blobs = await blobsOf({ ...facts, blobFolder });
      all.set(stamp, { ...facts, checks, blobs });
      await giveWay();
    }
  }
  return all;
}

/**
 * What looks have found wrong in the files of a chain, which is wrong for all that builds on them, too. Of each kind of
 * look the last is enough: what disproves it, disproves those before it.
 */
class CarriedChecks {
  readonly #last = new Map<Check['kind'], Check>();
  readonly #inOrder: (one: Check, other: Check) => number;

  constructor(inOrder: (one: Check, other: Check) => number) {
    this.#inOrder = inOrder;
  }

  add(checks: readonly Check[]): void {
    for (const check of checks.filter(isOfFiles)) {
      const other = this.#last.get(check.kind);
      if (other === undefined || this.#inOrder(other, check) < 0) this.#last.set(check.kind, check);
    }
  }

  all(): Iterable<Check> {
    return this.#last.values();
  }
}

function isOfFiles({ part, outcome, kind, faults }: Check): boolean {
  if (part === 'blobs' || outcome === 'good') return false;
  return faults === undefined ? kind === 'verify' : faults.where === 'stored';
}

/** Faults behind a point are none of its business. */
function faultsOfFiles(
  { faults, dat }: Chain,
  { stamp, isLinked }: { readonly stamp: Stamp; readonly isLinked: boolean },
): readonly ChainFault[] {
  const found: ChainFault[] = [];
  for (const fault of faults) {
    switch (fault.kind) {
      case 'missing-file':
      case 'gap':
        if (fault.stamp <= stamp) found.push(fault);
        break;
      case 'broken-dat':
      case 'unlisted-file':
        if (!isLinked && dat !== '') found.push(fault);
        break;
      case 'missing-dat':
        break; // The records, or the transactions themselves, speak for what is there.
      default:
        fault satisfies never;
    }
  }
  return found;
}
