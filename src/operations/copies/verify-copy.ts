import type { BlobEntry } from '../../copies/layout/blob-list.ts';
import { blobKey, headKey, pointKey, sitePrefix } from '../../copies/layout/keys.ts';
import { formatPlace } from '../../copies/layout/place.ts';
import { encodeSiteHead } from '../../copies/layout/site-head.ts';
import type { StoredObjectRecord } from '../../copies/layout/stored-object.ts';
import { objectsNamedBy } from '../../copies/named-objects.ts';
import { type ReadPoint, readBlobs } from '../../copies/read-copy.ts';
import { readSeal } from '../../copies/read-seal.ts';
import { faultsInSeal } from '../../copies/seal.ts';
import { hashOf } from '../../copies/store-object.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { objectsBelow } from '../../stores/objects/objects-below.ts';
import { isFailure } from '../../system/failure.ts';
import { each, inParallel } from '../../system/streams/pipeline.ts';
import { type JobContext, withStep } from '../run/events.ts';
import type { CopyFinding, ObjectState } from './copy-findings.ts';
import type { PushRequest } from './copying.ts';
import { noteVerified, unlessDefect } from './events/note-verified.ts';
import { requireNothingCopied } from './gone-copy.ts';
import { readLocalPoints } from './local-points.ts';
import { readHead } from './note-site.ts';

/** Objects that are read at once. */
const AT_ONCE = 8;

/** What a look at all of a copy has found. */
export interface VerifiedCopy {
  readonly points: number;
  readonly objects: number;
  readonly bytes: number;
  readonly findings: readonly CopyFinding[];
}

/** An object as a record has it. */
type Expected = Pick<StoredObjectRecord, 'key' | 'sizeBytes' | 'sha256'>;

/**
 * Reads every object that a record of a site names, and compares it with its checksum; the records themselves with
 * each other; and what the site's own folders still have of the same moment with the copy. What that shows of each
 * restore point is written down in the copy.
 */
export async function verifyCopy(
  { site, copy, now, open, remembered }: PushRequest,
  context: JobContext,
): Promise<VerifiedCopy> {
  const begun = now();
  await using store = await open(copy);
  const below = objectsBelow(store, sitePrefix(copy.site));
  const look = new CopyLook(below);
  const points = await look.readRecords();
  if (points.length === 0) await requireNothingCopied(store, { copy, remembered, doing: 'verify' });
  for (const point of points) await look.expectAllOf(point);
  await look.compareAll(context);
  const seconds = (now().getTime() - begun.getTime()) / 1000;
  const { damaged } = look;
  const mayRemove = !copy.appendOnly;
  const time = { begun, seconds };
  await noteVerified(points, { site: below, mayRemove, damaged, time, context });
  if (damaged.size > 0) await unsettle(store, copy.site);
  const local = await readLocalPoints(site, context.backups);
  for (const { place, stamp, data } of local) {
    const sha256 = data?.link.record?.stored.sha256;
    const there = points.find(
      ({ name }) => name.stamp === stamp && formatPlace(name.place) === formatPlace(place),
    );
    const stored = there?.record.data?.file.stored;
    if (there === undefined || sha256 === undefined || stored?.form.length !== 0) continue;
    if (stored.sha256 !== sha256) look.note(pointKey(there.name), 'other-than-local');
  }
  return { points: points.length, ...look.result() };
}

/** The next run looks at the copy again. Where this user may not write, it does so when there is something new. */
async function unsettle(store: ObjectStore, site: string): Promise<void> {
  const head = await readHead(store, site);
  if (head?.settled === undefined) return;
  const { settled: _, ...rest } = head;
  await store.put(headKey(site), encodeSiteHead(rest)).catch(unlessDefect);
}

/** What is found out about the objects of a site. */
class CopyLook {
  readonly #site: ObjectStore;
  readonly #expected = new Map<string, Expected>();
  readonly #findings: CopyFinding[] = [];
  /** Keys of objects that aren't what was written. */
  readonly damaged = new Set<string>();
  #bytes = 0;

  constructor(site: ObjectStore) {
    this.#site = site;
  }

  note(key: string, state: ObjectState): void {
    this.#findings.push({ object: this.#site.nameOf(key), state });
  }

  result(): Omit<VerifiedCopy, 'points'> {
    return { objects: this.#expected.size, bytes: this.#bytes, findings: this.#findings };
  }

  /** Those that can be read; whether one was taken out, or put in, is found out. */
  async readRecords(): Promise<readonly ReadPoint[]> {
    const { points, records, unreadable } = await readSeal(this.#site);
    for (const key of unreadable) this.note(key, 'unreadable');
    for (const { name, kind } of faultsInSeal(records)) this.note(pointKey(name), kind);
    return points;
  }

  /** All objects that a restore of a point may need. */
  async expectAllOf({ record }: ReadPoint): Promise<void> {
    for (const object of objectsNamedBy(record)) this.#expect(object);
    const { blobs, storage } = record;
    if (blobs.kind !== 'directory') return;
    const { manifest } = blobs;
    const read = await this.#tried(manifest.key, () => readBlobs(this.#site, manifest));
    if (read === undefined) return void this.damaged.add(manifest.key);
    const { form, base } = read.manifest;
    if (base !== undefined) this.#expect(base);
    for (const blob of read.all) this.#expect(expectedBlob(blob, blobKey({ storage, form }, blob)));
  }

  async compareAll(context: JobContext): Promise<void> {
    const all = [...this.#expected.values()];
    await withStep(context, {
      step: 'verify',
      totalBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      work: async ({ onBytes }) => {
        const compared = inParallel(each(all), {
          limit: AT_ONCE,
          work: (object) => this.#compare(object, context.signal),
        });
        for await (const sizeBytes of compared) onBytes(sizeBytes);
      },
    });
  }

  #expect(object: Expected): void {
    const known = this.#expected.get(object.key);
    if (known === undefined) this.#expected.set(object.key, object);
    // One of the records is wrong, whichever: nothing is written twice.
    else if (known.sha256 !== object.sha256) this.note(object.key, 'checksum');
  }

  async #compare({ key, sizeBytes, sha256 }: Expected, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    let count = 0;
    const counted = async function* (content: AsyncIterable<Uint8Array>) {
      for await (const chunk of content) {
        count += chunk.length;
        yield chunk;
      }
    };
    const found = await this.#tried(key, () => hashOf(counted(this.#site.read(key))));
    this.#bytes += count;
    if (found === sha256 && count === sizeBytes) return sizeBytes;
    this.damaged.add(key);
    if (found !== undefined) this.note(key, count === sizeBytes ? 'checksum' : 'size');
    return sizeBytes;
  }

  /** Undefined where something is wrong with an object, which is noted. */
  async #tried<T>(key: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (isFailure(error, 'not-found')) this.note(key, 'missing');
      else if (isFailure(error, 'damaged')) this.note(key, 'unreadable');
      else throw error;
      return undefined;
    }
  }
}

function expectedBlob({ sizeBytes, sha256, storedBytes }: BlobEntry, key: string): Expected {
  return { key, sizeBytes: storedBytes ?? sizeBytes, sha256 };
}
