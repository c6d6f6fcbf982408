import type { OidIndex } from '../index/oid-index.ts';
import type { ReferenceFinder } from '../pickle/reference-finder.ts';
import type { AuditedLog } from './audited-log.ts';
import { OidSet } from './oid-set.ts';
import { OldReferences } from './old-references.ts';
import type { PassedIndex } from './passed-index.ts';

/** What the records with back pointers come to. */
export type PointingOutcome = Pick<AuditedLog, 'uncreated' | 'pointedAt'>;

/** Whether the references of current objects lead to objects: `known` tells beforehand which there are. */
export class ReferenceAudit {
  readonly #known: OidIndex;
  /** Targets of references in records that `known` calls current. */
  readonly #referenced = new OidSet();
  /** Those of superseded records, which an undo can make current again. */
  readonly #old = new OldReferences();
  /** Objects that current ones refer to, and that there are not. */
  #missingCount = 0;

  constructor(known: OidIndex) {
    this.#known = known;
  }

  /** The references of a record. */
  add(
    found: ReferenceFinder,
    { position, isCurrent }: { readonly position: number; readonly isCurrent: boolean },
  ): void {
    for (let number = 0; number < found.count; number++) {
      const high = found.oidHigh(number);
      const low = found.oidLow(number);
      if (!isCurrent) this.#old.add(position, { high, low });
      else if (this.#referenced.add(high, low) && this.#known.at(high, low) === 0) {
        this.#missingCount += 1;
      }
    }
  }

  /**
   * Objects that current ones refer to, and that the log has not. Of changes they are in the base: an undo of the first
   * change of an object gives back the one of the base.
   */
  outsideCount(uncreated: OidSet): number {
    let count = this.#missingCount;
    for (const [high, low] of uncreated) if (this.#referenced.has(high, low)) count += 1;
    return count;
  }

  /** Whether such a reference leads nowhere; yields now and then. */
  *dangling(
    { uncreated, pointedAt }: PointingOutcome,
    passed: PassedIndex,
  ): Generator<void, AuditedLog['dangling']> {
    if (this.outsideCount(uncreated) > 0) return 'some';
    if (pointedAt.size === 0) return 'none';
    const leadsNowhere = (high: number, low: number) =>
      passed.at(high, low) === 0 || uncreated.has(high, low);
    if (yield* this.#old.has(pointedAt, leadsNowhere)) return 'some';
    return this.#old.isFull ? 'possible' : 'none';
  }
}
