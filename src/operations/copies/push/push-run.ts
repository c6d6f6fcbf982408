import { type PointName, pointKey } from '../../../copies/layout/keys.ts';
import type { PointRecord } from '../../../copies/layout/point-record.ts';
import type { BroughtObject } from '../../../copies/layout/progress.ts';
import { endingOf, type StoredForm } from '../../../copies/layout/stored-form.ts';
import type { ReadPoint } from '../../../copies/read-copy.ts';
import { storeEncoded } from '../../../copies/store-encoded.ts';
import {
  type ObjectContent,
  type StoredOnce,
  type Storing,
  storeOnce,
} from '../../../copies/store-object.ts';
import type { ObjectStore } from '../../../stores/objects/object-store.ts';
import type { CopyForms } from '../forms/copy-forms.ts';
import type { ProgressLog } from './progress-log.ts';

/** What the steps of a run share that changes a copy. */
export interface CopyRun {
  /** What is below the prefix of the site. */
  readonly site: ObjectStore;
  readonly storing: Pick<Storing, 'confirm'>;
  readonly now: () => Date;
  /** The restore points that the copy has, those of this run with them. */
  readonly points: CopiedPoints;
}

/** The same of one that copies a site. */
export interface PushRun extends CopyRun {
  readonly storing: Storing;
  readonly forms: CopyForms;
  /** Keys of objects of which a look at the copy has found that they aren't what was written. */
  readonly damaged: ReadonlySet<string>;
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

/** Copies a file, unless a killed run has done so. */
export async function pushObject(
  object: ObjectContent,
  {
    run,
    progress,
    form,
  }: { readonly run: PushRun; readonly progress: ProgressLog; readonly form: StoredForm },
): Promise<StoredOnce> {
  const key = object.key + endingOf(form);
  const known = progress.find(key);
  if (known !== undefined && isOf(known, object)) {
    run.storing.onFound(known.key);
    run.storing.onBytes(known.sizeBytes);
    const { contentBytes: _, ...stored } = known;
    return { ...stored, suffix: undefined };
  }
  const stored = await storeInForm(object, { run, form });
  const content = form.length === 0 ? {} : { contentBytes: object.sizeBytes };
  await progress.note(key, { ...stored, ...content });
  return stored;
}

/** What is in another form tells by its checksum nothing of its content. */
function isOf(known: BroughtObject, { sizeBytes, sha256 }: ObjectContent): boolean {
  if (known.form.length > 0) return known.contentBytes === sizeBytes;
  return known.sizeBytes === sizeBytes && known.sha256 === (sha256 ?? known.sha256);
}

/** Writes an object in a form. */
export async function storeInForm(
  object: ObjectContent,
  { run: { site, storing, forms }, form }: { readonly run: PushRun; readonly form: StoredForm },
): Promise<StoredOnce> {
  if (form.length === 0) return await storeOnce(site, object, storing);
  const encode = (content: AsyncIterable<Uint8Array>) => forms.codec.encode(content, form);
  return await storeEncoded(site, object, { encoding: { form, encode }, storing });
}
