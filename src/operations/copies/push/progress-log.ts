import { progressKey } from '../../../copies/layout/keys.ts';
import type { CopyPlace } from '../../../copies/layout/place.ts';
import {
  type BroughtObject,
  decodeProgress,
  encodeProgress,
} from '../../../copies/layout/progress.ts';
import { readIfThere } from '../../../copies/read-copy.ts';
import { type ObjectStore, SMALL_OBJECT_BYTES } from '../../../stores/objects/object-store.ts';
import { collect, each } from '../../../system/streams/pipeline.ts';

/** What is copied again if a run is killed: a minute's work. */
const EVERY_MS = 60_000;

/** A list of many objects takes long to write: it isn't written for more than this part of the time. */
const MOST_OF_THE_TIME = 1 / 20;

/** Remembers, in the copy, which objects are there before the record of their point is: a killed run is gone on with. */
export class ProgressLog {
  readonly #site: ObjectStore;
  readonly #key: string;
  readonly #objects: Map<string, BroughtObject>;
  #isSaved: boolean;
  #saveAtMs = performance.now() + EVERY_MS;

  private constructor(
    site: ObjectStore,
    {
      key,
      objects,
    }: { readonly key: string; readonly objects: readonly BroughtObject[] | undefined },
  ) {
    this.#site = site;
    this.#key = key;
    this.#isSaved = objects !== undefined && objects.length > 0;
    this.#objects = new Map(objects?.map((one) => [one.key, one]));
  }

  /** Reads what a run has left: one request. */
  static async open(site: ObjectStore, place: CopyPlace): Promise<ProgressLog> {
    const key = progressKey(place);
    const text = (await readIfThere(site, key))?.toString('utf8');
    const objects = text === undefined ? undefined : (decodeProgress(text)?.objects ?? []);
    return new ProgressLog(site, { key, objects });
  }

  /** The object with a key, as a killed run has written it. */
  find(key: string): BroughtObject | undefined {
    return this.#objects.get(key);
  }

  /** An object is there, under the key that was asked for. */
  async note(
    key: string,
    { form, sizeBytes, sha256, contentBytes, key: actual }: BroughtObject,
  ): Promise<void> {
    if (actual !== key) return;
    const content = contentBytes === undefined ? {} : { contentBytes };
    this.#objects.set(key, { key, form, sizeBytes, sha256, ...content });
    const nowMs = performance.now();
    if (nowMs < this.#saveAtMs) return;
    this.#saveAtMs = Number.POSITIVE_INFINITY; // Others go on meanwhile, and note what they have written.
    await this.#save();
    const doneMs = performance.now();
    this.#saveAtMs = doneMs + Math.max(EVERY_MS, (doneMs - nowMs) / MOST_OF_THE_TIME);
    this.#isSaved = true;
  }

  /** The record of the point is written: it tells the same. Nothing is removed: this machine may have no right to. */
  async clear(): Promise<void> {
    const hadSome = this.#isSaved;
    this.#objects.clear();
    this.#isSaved = false;
    if (hadSome) await this.#save();
  }

  async #save(): Promise<void> {
    const objects = [...this.#objects.values()];
    const sizeBytes = sizeOf(encodeProgress({ objects }));
    const content = each(encodeProgress({ objects }));
    if (sizeBytes <= SMALL_OBJECT_BYTES) await this.#site.put(this.#key, await collect(content));
    else await this.#site.upload(this.#key, content, { sizeBytes });
  }
}

function sizeOf(pieces: Iterable<Uint8Array>): number {
  let sizeBytes = 0;
  for (const piece of pieces) sizeBytes += piece.length;
  return sizeBytes;
}
