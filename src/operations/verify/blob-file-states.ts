import type { BlobRevisions } from '../../filestorage/audit/blob-revisions.ts';
import { type DraftFinding, FindingList } from '../../filestorage/audit/finding.ts';
import { BLOB_CLASS_NAME } from '../../filestorage/format.ts';

/** Whether an empty file of a blob backup is as it should be. */
export type EmptyVerdict =
  /** The live blob is empty, too. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'larger'; readonly sizeBytes: number }
  | { readonly kind: 'was-empty' }
  | { readonly kind: 'unknown' };

export type EmptyCheck = (row: number, blobs: BlobRevisions) => EmptyVerdict;

const MISSING = 0;
const PRESENT = 1;
const EMPTY = 2;
const DIFFERING = 3;
/** It is empty, and was not. */
const EMPTIED = 4;

/** What is known of the file of each blob record: a byte each. */
export class RevisionStates {
  readonly blobs: BlobRevisions;
  readonly #states: Uint8Array;
  hasEmpty = false;

  constructor(blobs: BlobRevisions) {
    this.blobs = blobs;
    this.#states = new Uint8Array(blobs.count);
  }

  found(row: number, sizeBytes: number): void {
    this.#states[row] = sizeBytes === 0 ? EMPTY : PRESENT;
    if (sizeBytes === 0) this.hasEmpty = true;
  }

  /** Its bytes are not those that were backed up. */
  differs(row: number): void {
    this.#states[row] = this.#states[row] === EMPTY ? EMPTIED : DIFFERING;
  }

  /** Empty files that are what was backed up are right. */
  confirmEmpty(isRight: (row: number) => boolean): void {
    if (!this.hasEmpty) return;
    let isUnknown = false;
    for (const [row, state] of this.#states.entries()) {
      if (state !== EMPTY) continue;
      if (isRight(row)) this.#states[row] = PRESENT;
      else isUnknown = true;
    }
    this.hasEmpty = isUnknown;
  }

  /** Whether no file that is there has other bytes than it should have. */
  get lacksAtMost(): boolean {
    return this.#states.every((state) => state === PRESENT || state === MISSING);
  }

  isMissing(row: number): boolean {
    return this.#states[row] === MISSING;
  }

  /** Takes back what is not in `others`. */
  keepOnly(others: ReadonlySet<number>): void {
    for (let row = 0; row < this.#states.length; row++) {
      if (!others.has(row)) this.#states[row] = MISSING;
    }
  }

  findings(emptyCheck: EmptyCheck | undefined): readonly DraftFinding[] {
    const list = new FindingList();
    for (const [row, state] of this.#states.entries()) {
      if (state === PRESENT) continue;
      const { oid, tid } = this.blobs.revision(row);
      const names = { oid, className: BLOB_CLASS_NAME, transaction: { tid, user: undefined } };
      if (state === MISSING) {
        list.add('blob', () => ({ ...names, state: 'its file is missing in the blob backup' }));
        continue;
      }
      if (state === DIFFERING || state === EMPTIED) {
        const what =
          state === EMPTIED
            ? 'its file is empty, and was not when it was backed up'
            : 'its file is not what was backed up: its sha256 is another';
        list.add('blob', () => ({ ...names, state: what }));
        continue;
      }
      const verdict = emptyCheck?.(row, this.blobs) ?? { kind: 'unknown' };
      switch (verdict.kind) {
        case 'empty':
          break;
        case 'was-empty':
          list.addNote('blob', () => ({
            ...names,
            state: 'its file is empty, and was so when it was backed up',
          }));
          break;
        case 'larger':
          list.add('blob', () => ({
            ...names,
            state: `its file is empty; the live blob directory has ${verdict.sizeBytes} bytes of it`,
          }));
          break;
        case 'unknown':
          list.add('blob', () => ({
            ...names,
            state: 'its file is empty, and nothing says that it should be',
          }));
          break;
        default:
          verdict satisfies never;
      }
    }
    return list.drafts();
  }
}
