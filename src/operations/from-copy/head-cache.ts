import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { type SiteHead, SiteHeadSchema } from '../../copies/layout/site-head.ts';
import type { StoredObject } from '../../stores/objects/object-store.ts';
import { ownCacheFolder } from '../../system/derived/own-cache-folder.ts';
import { Failure } from '../../system/failure.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { writeNewFile } from '../../system/files/new-file.ts';
import { PRIVATE } from '../../system/files/rights.ts';
import { readSmallFile } from '../../system/files/small-file.ts';
import { parseJson } from '../../system/parse-json.ts';

const CacheSchema = v.object({
  format: v.literal(1),
  /** By key: what was read when the object had this version. */
  heads: v.record(v.string(), v.object({ version: v.string(), head: SiteHeadSchema })),
});

type Heads = v.InferOutput<typeof CacheSchema>['heads'];

/**
 * The heads of a place as this user last read them, so that only those are read again that have changed. A cache that
 * can't be read or written costs requests, and nothing else.
 */
export class HeadCache {
  readonly #path: string | undefined;
  readonly #heads: Map<string, Heads[string]>;
  #hasChanged = false;

  private constructor(path: string | undefined, heads: Heads) {
    this.#path = path;
    this.#heads = new Map(Object.entries(heads));
  }

  /** @param place - how messages call it */
  static async open(place: string): Promise<HeadCache> {
    const folder = ownCacheFolder();
    const name = createHash('sha256').update(place).digest('hex').slice(0, 32);
    const path = folder && join(folder, `heads-${name}.json`);
    const text = path === undefined ? undefined : await readSmallFile(path).catch(unlessDefect);
    return new HeadCache(path, parseJson(text ?? '', CacheSchema)?.heads ?? {});
  }

  /** Undefined where another one, or none, was read. */
  find({ key, version }: StoredObject): SiteHead | undefined {
    const known = this.#heads.get(key);
    return known !== undefined && known.version === version ? known.head : undefined;
  }

  put({ key, version }: StoredObject, head: SiteHead): void {
    if (version === undefined) return;
    this.#heads.set(key, { version, head });
    this.#hasChanged = true;
  }

  /** @param keys - of all heads that are there */
  async save(keys: readonly string[]): Promise<void> {
    const there = new Set(keys);
    for (const key of this.#heads.keys()) {
      if (!there.has(key)) this.#hasChanged = this.#heads.delete(key) || this.#hasChanged;
    }
    const folder = ownCacheFolder();
    if (this.#path === undefined || folder === undefined || !this.#hasChanged) return;
    const cache = { format: 1, heads: Object.fromEntries(this.#heads) };
    try {
      await makeFolder(folder, { rights: PRIVATE });
      await writeNewFile(this.#path, Buffer.from(JSON.stringify(cache)), { rights: PRIVATE });
    } catch (error) {
      unlessDefect(error);
    }
  }
}

function unlessDefect(error: unknown): undefined {
  if (error instanceof Failure) return undefined;
  throw error;
}
