import { BLOB_CLASS_NAME } from '../../filestorage/format.ts';
import type { Oid } from '../../filestorage/oid.ts';
import type { State } from '../../states/state.ts';
import { Failure } from '../../system/failure.ts';
import { entriesOf } from '../children.ts';
import { uidOf } from '../description.ts';
import { type LocatedObject, locateTop } from '../path.ts';
import { type PlacedReference, referencesOf } from '../references.ts';
import { readObject, type StoredObject } from '../stored-object.ts';
import { endsWith, requireCuttable } from './cut-references.ts';
import { OutsideEntries } from './outside-entries.ts';
import type { Stop } from './stop.ts';

/** What an export of an object takes with it. */
export interface ExportPlan {
  readonly item: LocatedObject;
  /** The object first; each of the others after one that refers to it. */
  readonly objects: readonly Oid[];
  /** Of the objects in which something is left out: where the opcodes of these references end. */
  readonly cuts: ReadonlyMap<Oid, readonly number[]>;
  /** What keeps it from being exported; none: it can be. */
  readonly stops: readonly Stop[];
  /** Objects by which a catalog knows something: content with a UID. */
  readonly contents: number;
  readonly blobs: number;
  readonly blobBytes: number;
  /** Which Python wrote the records: the other one can't import them. */
  readonly python: 2 | 3;
}

/** Is told of each object that was looked at. */
export type OnObject = () => void;

/**
 * Follows all references of a located object. Failures: `refused`, where what is to be exported is the application;
 * `not-found`, where an attribute to leave out isn't there; those of {@link requireCuttable}; `damaged`; `program`.
 *
 * @param leaveOut - attributes, as {@link endsWith} takes them
 */
export async function planExport(
  state: State,
  item: LocatedObject,
  { leaveOut, onObject }: { readonly leaveOut: readonly string[]; readonly onObject: OnObject },
): Promise<ExportPlan> {
  await refuseTop(state, item);
  const closure = new Closure(state, item, leaveOut, await OutsideEntries.of(state, item));
  return closure.follow(onObject);
}

async function refuseTop(state: State, { object, path }: LocatedObject): Promise<void> {
  const top = await locateTop(state);
  if (object.oid !== top.object.oid) return;
  throw new Failure('refused', `Cannot export "${path}": it is all of the database`, {
    hint: 'Name something in it, as /Plone/news; for all of it, restore a backup.',
  });
}

/** An object that was reached, and by which way. */
interface Reached {
  readonly oid: Oid;
  readonly way: string;
  readonly ownerClass: string | undefined;
}

/** What is reached from one object. */
class Closure {
  readonly #state: State;
  readonly #item: LocatedObject;
  readonly #leaveOut: readonly string[];
  readonly #outside: OutsideEntries;
  readonly #reached = new Set<Oid>();
  readonly #ahead: Reached[] = [];
  /** Entries of folders below the object. */
  readonly #below = new Set<Oid>();
  /** Objects that are known to be no entries of folders outside. */
  readonly #settled = new Set<Oid>();
  /** Objects that may be some. */
  readonly #doubtful = new Map<Oid, Reached & { readonly className: string | undefined }>();
  readonly #objects: Oid[] = [];
  readonly #cuts = new Map<Oid, number[]>();
  readonly #leftOut = new Set<string>();
  readonly #stops: Stop[] = [];
  #contents = 0;
  #blobs = 0;
  #blobBytes = 0;
  #python: 2 | 3 = 3;

  constructor(
    state: State,
    item: LocatedObject,
    leaveOut: readonly string[],
    outside: OutsideEntries,
  ) {
    this.#state = state;
    this.#item = item;
    this.#leaveOut = leaveOut;
    this.#outside = outside;
  }

  async follow(onObject: OnObject): Promise<ExportPlan> {
    const { oid } = this.#item.object;
    this.#settled.add(oid);
    this.#reach({ oid, way: '', ownerClass: undefined });
    do {
      // It grows meanwhile.
      for (const next of this.#ahead) {
        await this.#look(next);
        onObject();
      }
      this.#ahead.length = 0;
      await this.#settleDoubts();
    } while (this.#ahead.length > 0);
    this.#requireLeftOut();
    return {
      item: this.#item,
      objects: this.#objects,
      cuts: this.#cuts,
      stops: this.#stops,
      contents: this.#contents,
      blobs: this.#blobs,
      blobBytes: this.#blobBytes,
      python: this.#python,
    };
  }

  #reach(one: Reached): void {
    if (this.#reached.has(one.oid)) return;
    this.#reached.add(one.oid);
    this.#ahead.push(one);
  }

  async #look(reached: Reached): Promise<void> {
    const { oid } = reached;
    const object = await readObject(this.#state, oid);
    if (object === undefined) {
      this.#stop(reached, { kind: 'missing' });
      return;
    }
    const isKnown = this.#below.has(oid) || this.#settled.has(oid);
    if (!isKnown && this.#outside.mayBeEntry(object)) {
      this.#doubtful.set(oid, { ...reached, className: object.className });
      return;
    }
    await this.#take(object, reached);
  }

  async #take(object: StoredObject, reached: Reached): Promise<void> {
    this.#objects.push(object.oid);
    if (object.python === 2) this.#python = 2;
    if (uidOf(object) !== undefined) this.#contents += 1;
    if (object.className === BLOB_CLASS_NAME) await this.#takeBlob(object, reached);
    for await (const { target } of entriesOf(this.#state, object)) {
      if (target.kind === 'object') this.#below.add(target.oid);
    }
    for (const reference of referencesOf(object)) this.#followReference(object, reached, reference);
  }

  async #takeBlob(object: StoredObject, reached: Reached): Promise<void> {
    const blob = await this.#state.blob(object.oid, object.tid);
    if (blob === undefined) {
      this.#stop(reached, { kind: 'no-blob', className: object.className });
      return;
    }
    this.#blobs += 1;
    this.#blobBytes += blob.sizeBytes;
  }

  #followReference(object: StoredObject, { way: wayTo }: Reached, placed: PlacedReference): void {
    const { reference, attribute, value } = placed;
    const { oid } = reference;
    const way = wayTo + attribute;
    const named = this.#leaveOut.find((name) => endsWith(way, name));
    if (named !== undefined) {
      requireCuttable(object, { reference: placed, way });
      this.#leftOut.add(named);
      this.#cuts.set(object.oid, [...(this.#cuts.get(object.oid) ?? []), value.end]);
      return;
    }
    const reached = { oid, way, ownerClass: object.className };
    switch (reference.kind) {
      case 'weak':
        this.#stop(reached, { kind: 'weak' });
        return;
      case 'foreign':
        this.#stop(reached, { kind: 'elsewhere', className: reference.className });
        return;
      case 'strong':
        this.#followStrong(reached, reference.className);
        return;
      default:
        reference satisfies never;
    }
  }

  #followStrong(reached: Reached, className: string | undefined): void {
    const { ancestors, path } = this.#item;
    const depth = ancestors.indexOf(reached.oid);
    if (depth >= 0) {
      const folder = ancestorPath(path, ancestors.length - depth);
      this.#stop(reached, { kind: 'ancestor', className, path: folder });
      return;
    }
    const pathBeside = this.#outside.pathBeside(reached.oid);
    if (pathBeside === undefined) this.#reach(reached);
    else this.#stop(reached, { kind: 'entry', className, path: pathBeside });
  }

  /** Objects that may lie in folders outside are looked for there, all at once. */
  async #settleDoubts(): Promise<void> {
    const doubtful = [...this.#doubtful.values()].filter(({ oid }) => !this.#below.has(oid));
    const paths =
      doubtful.length === 0
        ? new Map<Oid, string>()
        : await this.#outside.pathsOf(new Set(doubtful.map(({ oid }) => oid)));
    for (const reached of this.#doubtful.values()) {
      const path = paths.get(reached.oid);
      if (path === undefined) {
        this.#settled.add(reached.oid);
        this.#ahead.push(reached);
      } else this.#stop(reached, { kind: 'entry', className: reached.className, path });
    }
    this.#doubtful.clear();
  }

  #stop(
    { oid, way, ownerClass }: Reached,
    { kind, className, path }: Pick<Stop, 'kind'> & Partial<Pick<Stop, 'className' | 'path'>>,
  ): void {
    this.#stops.push({ kind, attribute: way, ownerClass, oid, className, path });
  }

  #requireLeftOut(): void {
    const { path } = this.#item;
    const unused = this.#leaveOut.find((name) => !this.#leftOut.has(name));
    if (unused === undefined) return;
    throw new Failure('not-found', `Cannot leave out "${unused}": nothing in "${path}" has it`, {
      hint: 'Name an attribute as the export shows it.',
    });
  }
}

/** The path of a folder so many levels above. */
function ancestorPath(path: string, levels: number): string {
  const names = path.split('/').slice(1);
  return `/${names.slice(0, Math.max(0, names.length - levels)).join('/')}`;
}
