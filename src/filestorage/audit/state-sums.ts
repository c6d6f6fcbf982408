import { DigestSum } from '../fingerprint/digest-sum.ts';
import type { Fingerprint } from '../fingerprint/fingerprint.ts';
import type { ObjectDigest } from '../fingerprint/object-digest.ts';
import type { ReferenceFinder } from '../pickle/reference-finder.ts';
import { type Tid, ZERO_TID } from '../tid.ts';
import { ReferenceGraph } from './reference-graph.ts';

/** An object, by the two parts of its oid. */
export interface OidParts {
  readonly high: number;
  readonly low: number;
}

/** What is known of the data of a current object. */
export interface CurrentObject {
  readonly digest: ObjectDigest;
  /** What it refers to; undefined where nobody has followed all of it. */
  readonly references: ReferenceFinder | undefined;
}

/**
 * Adds up the {@link Fingerprint} of the state with which a log ends, object by object. Memory: 12 bytes for each object
 * and 4 for each reference, as long as all references are followed.
 */
export class StateSums {
  readonly #sum = new DigestSum();
  #graph: ReferenceGraph | undefined;
  #isWhole = true;
  #tid: Tid = ZERO_TID;
  #packed: Tid = ZERO_TID;

  /** Whether the data of all objects is known so far. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  constructor(objectCount: number) {
    this.#graph = new ReferenceGraph(objectCount, { hasSums: true });
  }

  add({ high, low }: OidParts, { digest, references }: CurrentObject): void {
    this.#sum.add(digest);
    if (references === undefined) this.#graph = undefined;
    if (this.#graph === undefined || references === undefined) return;
    this.#graph.begin(high, low, digest);
    for (let number = 0; number < references.count; number++) {
      this.#graph.add(references.oidHigh(number), references.oidLow(number));
    }
    this.#graph.end();
    // What it holds is of no use any more.
    if (this.#graph.isFull) this.#graph = undefined;
  }

  /** A transaction has passed. */
  pass({ tid, status }: { readonly tid: Tid; readonly status: string }): void {
    this.#tid = tid;
    if (status === 'p') this.#packed = tid;
  }

  /** Nobody knows what the data of some object is. */
  giveUp(): void {
    this.#isWhole = false;
    this.#graph = undefined;
  }

  /** Undefined where it is not known; yields now and then. What it took in memory is free again. */
  *finish(): Generator<void, Fingerprint | undefined> {
    const graph = this.#graph;
    this.#graph = undefined;
    if (!this.#isWhole) return undefined;
    const reached = graph && (yield* graph.reachable());
    return {
      sum: this.#sum.hex(),
      objects: this.#sum.count,
      tid: this.#tid,
      packed: this.#packed,
      reachable: reached && { sum: reached.sum, objects: reached.count },
    };
  }
}
