import { type PointName, pointKey } from '../../copies/layout/keys.ts';
import type { PointRecord } from '../../copies/layout/point-record.ts';
import type { ReadPoint } from '../../copies/read-copy.ts';
import {
  type ObjectContent,
  type StoredOnce,
  type Storing,
  storeOnce,
} from '../../copies/store-object.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import type { ProgressLog } from './progress-log.ts';

/** What the steps of a run that copies a site share. */
export interface PushRun {
  /** What is below the prefix of the site. */
  readonly site: ObjectStore;
  readonly storing: Storing;
  readonly now: () => Date;
  /** The restore points that the copy has, those of this run with them. */
  readonly points: CopiedPoints;
}

/** The restore points of a copy, of which each record is read at most once. */
export class CopiedPoints {
  #names: PointName[];
  readonly #records = new Map<string, Promise<ReadPoint>>();
  readonly #read: (name: PointName) => Promise<ReadPoint>;

  constructor(names: readonly PointName[], read: (name: PointName) => Promise<ReadPoint>) {
    this.#names = [...names];
    this.#read = read;
  }

  /** In the order in which they came. */
  get names(): readonly PointName[] {
    return this.#names;
  }

  /** The newest of some, by its stamp. */
  newestOf(isMeant: (name: PointName) => boolean): PointName | undefined {
    let newest: PointName | undefined;
    for (const one of this.#names) {
      if (isMeant(one) && (newest === undefined || one.stamp > newest.stamp)) newest = one;
    }
    return newest;
  }

  read(name: PointName): Promise<ReadPoint> {
    const key = pointKey(name);
    const known = this.#records.get(key) ?? this.#read(name);
    this.#records.set(key, known);
    return known;
  }

  /** A run has removed some. */
  forget(names: readonly PointName[]): void {
    const keys = new Set(names.map(pointKey));
    this.#names = this.#names.filter((one) => !keys.has(pointKey(one)));
  }

  /** A run has written one. */
  add(name: PointName, read: { readonly record: PointRecord; readonly sha256: string }): void {
    this.#names.push(name);
    this.#records.set(pointKey(name), Promise.resolve({ name, ...read }));
  }
}

/** Copies a file as it is, unless a killed run has done so. */
export async function pushObject(
  object: ObjectContent,
  { run: { site, storing }, progress }: { readonly run: PushRun; readonly progress: ProgressLog },
): Promise<StoredOnce> {
  const known = progress.find(object.key);
  if (
    known !== undefined &&
    known.sizeBytes === object.sizeBytes &&
    known.sha256 === (object.sha256 ?? known.sha256)
  ) {
    storing.onBytes(object.sizeBytes);
    return { ...known, suffix: undefined };
  }
  const stored = await storeOnce(site, object, storing);
  await progress.note(object.key, stored);
  return stored;
}
