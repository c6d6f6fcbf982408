import type { OidIndex } from '../index/oid-index.ts';
import type { BlobRevisions } from './blob-revisions.ts';
import type { FindingList } from './finding.ts';
import type { OidSet } from './oid-set.ts';
import type { PointingRecords } from './pointing-records.ts';
import type { StateSums } from './state-sums.ts';

/** What one reading of a log has shown. */
export interface AuditedLog {
  readonly findings: FindingList;
  /** False where the bytes don't fit together: nothing is known of what follows. */
  readonly isWhole: boolean;
  /** For each oid the position of its newest record, as the log has it. */
  readonly index: OidIndex;
  /** Offset behind the last complete transaction. */
  readonly committedEnd: number;
  readonly transactionCount: number;
  readonly recordCount: number;
  /** Objects of which the current record's pickle has been followed. */
  readonly followedCount: number;
  readonly blobs: BlobRevisions;
  readonly pointing: PointingRecords;
  /** Objects that are no more: their creation is undone. */
  readonly uncreated: OidSet;
  /** Positions of records with the data of a current one that points back to them. */
  readonly pointedAt: ReadonlySet<number>;
  /**
   * Whether a reference of a current object leads nowhere. `possible`: one may, as more superseded
   * records had references than are kept.
   */
  readonly dangling: 'none' | 'possible' | 'some';
  /**
   * It holds only the changes of a DemoStorage, as is known, or as it has no root object and never had one: whatever it
   * lacks may be in the base.
   */
  readonly isChanges: boolean;
  /**
   * The mark with which all records begin, if a wrapper of the storage has changed them so that nobody else
   * can read them: then nothing is known of references and blobs.
   */
  readonly wrapping: string | undefined;
  /**
   * Of the state with which it ends; of what points back, nothing is in it yet: the data had passed before it was known
   * that it counts.
   */
  readonly sums: StateSums;
}
