import { type BlobEntry, BlobList } from '../../../copies/layout/blob-list.ts';
import { blobKey } from '../../../copies/layout/keys.ts';
import { PLACE_KINDS } from '../../../copies/layout/place.ts';
import { endingOf, type StoredForm } from '../../../copies/layout/stored-form.ts';
import type { StoredObjectRecord } from '../../../copies/layout/stored-object.ts';
import { readBlobs } from '../../../copies/read-copy.ts';
import type { Oid } from '../../../filestorage/oid.ts';
import type { Tid } from '../../../filestorage/tid.ts';
import { isFailure } from '../../../system/failure.ts';
import type { PushRun } from './push-run.ts';

/** A file of a blob directory, of which a copy may have the bytes. */
interface WantedBlob {
  readonly oid: Oid;
  readonly tid: Tid;
  readonly sizeBytes: number;
  /** Undefined: nobody has written it down. */
  readonly sha256: string | undefined;
}

/** What a list of blobs changes in one that the copy has. */
export interface BlobChanges {
  readonly base: StoredObjectRecord;
  /** How many blobs that has. */
  readonly baseCount: number;
  readonly blobs: BlobList;
  readonly gone: readonly BlobEntry[];
}

/** A list of blobs that has all by itself, and the object that it is. */
interface WholeList {
  readonly stored: StoredObjectRecord;
  readonly blobs: BlobList;
}

/** The blobs of one storage that a copy has for certain, in the form that is wanted: those of its newest points. */
export class KnownBlobs {
  readonly #lists: readonly BlobList[];
  readonly #form: StoredForm;
  readonly #base: WholeList | undefined;
  readonly #isDamaged: (blob: BlobEntry) => boolean;

  constructor(
    lists: readonly BlobList[],
    {
      base,
      form,
      isDamaged,
    }: {
      readonly base: WholeList | undefined;
      readonly form: StoredForm;
      readonly isDamaged: (blob: BlobEntry) => boolean;
    },
  ) {
    this.#lists = lists;
    this.#form = form;
    this.#base = base;
    this.#isDamaged = isDamaged;
  }

  /** Undefined where the copy hasn't it, or has other bytes: in another form, only their number tells. */
  find(wanted: WantedBlob): BlobEntry | undefined {
    for (const list of this.#lists) {
      const known = list.find(wanted);
      if (known === undefined || this.#isDamaged(known)) continue;
      if (known.sizeBytes !== wanted.sizeBytes) return undefined;
      const isSameBytes = this.#form.length > 0 || (wanted.sha256 ?? known.sha256) === known.sha256;
      return isSameBytes ? known : undefined;
    }
    return undefined;
  }

  /** What makes a list of the one that has all by itself; undefined where there is none. */
  changesTo(blobs: BlobList): BlobChanges | undefined {
    if (this.#base === undefined) return undefined;
    const { stored, blobs: before } = this.#base;
    const changed = new BlobList();
    for (const one of blobs) if (!isSame(one, before.find(one))) changed.add(one);
    const gone: BlobEntry[] = [];
    for (const one of before) if (!blobs.has(one)) gone.push(one);
    return { base: stored, baseCount: before.length, blobs: changed, gone };
  }
}

function isSame(one: BlobEntry, other: BlobEntry | undefined): boolean {
  return one.sha256 === other?.sha256 && one.suffix === other.suffix;
}

/**
 * Reads the newest list of each kind of backup: all kinds share the objects of one storage. Where a list is damaged, its
 * blobs are brought again.
 */
export async function readKnownBlobs(
  storage: string,
  { points, site, damaged, forms: { others: form } }: PushRun,
): Promise<KnownBlobs> {
  const lists: BlobList[] = [];
  let base: WholeList | undefined;
  for (const kind of PLACE_KINDS) {
    const newest = points.newestOf(({ place }) => place.storage === storage && place.kind === kind);
    if (newest === undefined) continue;
    const { blobs } = (await points.read(newest)).record;
    if (blobs.kind !== 'directory') continue;
    const read = await readBlobs(site, blobs.manifest).catch(unlessBroken);
    if (read === undefined) continue;
    // A list tells of blobs in one form.
    if (endingOf(read.manifest.form) !== endingOf(form)) continue;
    // Of two lists that have a blob, the later one counts.
    lists.unshift(read.all);
    base ??=
      read.base === undefined || read.manifest.base === undefined
        ? { stored: blobs.manifest, blobs: read.all }
        : { stored: read.manifest.base, blobs: read.base.blobs };
  }
  // What is damaged is brought again.
  const isDamaged = (blob: BlobEntry) =>
    damaged.size > 0 && damaged.has(blobKey({ storage, form }, blob));
  return new KnownBlobs(lists, { base, form, isDamaged });
}

function unlessBroken(error: unknown): undefined {
  if (!isFailure(error, 'not-found', 'damaged')) throw error;
}
