import { type BlobEntry, revisionKey } from '../../../copies/layout/blob-manifest.ts';
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
  readonly blobs: readonly BlobEntry[];
  readonly gone: readonly BlobEntry[];
}

/** The blobs of one storage that a copy has for certain, in the form that is wanted: those of its newest points. */
export class KnownBlobs {
  readonly #form: StoredForm;
  readonly #entries: ReadonlyMap<string, BlobEntry>;
  readonly #base:
    | { readonly stored: StoredObjectRecord; readonly blobs: readonly BlobEntry[] }
    | undefined;

  constructor(
    entries: readonly BlobEntry[],
    {
      base,
      form,
    }: {
      readonly base:
        | { readonly stored: StoredObjectRecord; readonly blobs: readonly BlobEntry[] }
        | undefined;
      readonly form: StoredForm;
    },
  ) {
    this.#form = form;
    this.#entries = new Map(entries.map((one) => [revisionKey(one), one]));
    this.#base = base;
  }

  /** Undefined where the copy hasn't it, or has other bytes: in another form, only their number tells. */
  find(wanted: WantedBlob): BlobEntry | undefined {
    const known = this.#entries.get(revisionKey(wanted));
    if (known === undefined || known.sizeBytes !== wanted.sizeBytes) return undefined;
    const isSameBytes = this.#form.length > 0 || (wanted.sha256 ?? known.sha256) === known.sha256;
    return isSameBytes ? known : undefined;
  }

  /** What makes a list of the one that has all by itself; undefined where there is none. */
  changesTo(blobs: readonly BlobEntry[]): BlobChanges | undefined {
    if (this.#base === undefined) return undefined;
    const { stored, blobs: before } = this.#base;
    const inBase = new Map(before.map((one) => [revisionKey(one), one]));
    const now = new Set(blobs.map(revisionKey));
    return {
      base: stored,
      baseCount: before.length,
      blobs: blobs.filter((one) => !isSame(one, inBase.get(revisionKey(one)))),
      gone: before.filter((one) => !now.has(revisionKey(one))),
    };
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
  const entries: BlobEntry[] = [];
  let base: ConstructorParameters<typeof KnownBlobs>[1]['base'];
  for (const kind of PLACE_KINDS) {
    const newest = points.newestOf(({ place }) => place.storage === storage && place.kind === kind);
    if (newest === undefined) continue;
    const { blobs } = (await points.read(newest)).record;
    if (blobs.kind !== 'directory') continue;
    const read = await readBlobs(site, blobs.manifest).catch(unlessBroken);
    if (read === undefined) continue;
    // A list tells of blobs in one form.
    if (endingOf(read.manifest.form) !== endingOf(form)) continue;
    // What is damaged is brought again.
    const of = { storage, form: read.manifest.form };
    entries.push(...read.all.filter((blob) => !damaged.has(blobKey(of, blob))));
    base ??=
      read.base === undefined || read.manifest.base === undefined
        ? { stored: blobs.manifest, blobs: read.all }
        : { stored: read.manifest.base, blobs: read.base.blobs };
  }
  return new KnownBlobs(entries, { base, form });
}

function unlessBroken(error: unknown): undefined {
  if (!isFailure(error, 'not-found', 'damaged')) throw error;
}
