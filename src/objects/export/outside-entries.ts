import type { Oid } from '../../filestorage/oid.ts';
import { textOf } from '../../filestorage/pickle/values/value.ts';
import type { State } from '../../states/state.ts';
import { attributeOf } from '../attributes.ts';
import { isTree } from '../btree.ts';
import { childrenOf } from '../children.ts';
import { type LocatedObject, locateTop, pathOfChild } from '../path.ts';
import { requireObject, type StoredObject } from '../stored-object.ts';
import { walkFrom } from '../walk.ts';

/**
 * Which objects are entries of folders outside of a located object. Those of the folders in which it lies are known
 * at once. All others are looked for only where an object may be one, as that reads all folders of the database.
 */
export class OutsideEntries {
  readonly #state: State;
  readonly #item: LocatedObject;
  /** Paths of the entries of the folders in which the object lies. */
  readonly #beside: ReadonlyMap<Oid, string>;
  readonly #classesBeside: ReadonlySet<string | undefined>;

  private constructor(
    state: State,
    item: LocatedObject,
    beside: readonly (readonly [oid: Oid, path: string, className: string | undefined])[],
  ) {
    this.#state = state;
    this.#item = item;
    this.#beside = new Map(beside.map(([oid, path]) => [oid, path]));
    this.#classesBeside = new Set(beside.map(([, , className]) => className));
  }

  /** Failure `damaged`. */
  static async of(state: State, item: LocatedObject): Promise<OutsideEntries> {
    const beside: (readonly [Oid, string, string | undefined])[] = [];
    const names = item.path.split('/').slice(1, -1);
    // The root of the database has no path: the application is the first that has one.
    const folders = item.ancestors.slice(-(names.length + 1));
    for (const [depth, oid] of folders.entries()) {
      const folder = `/${names.slice(0, depth).join('/')}`;
      for await (const { name, target } of childrenOf(state, await requireObject(state, oid))) {
        if (target.kind !== 'object' || target.oid === item.object.oid) continue;
        beside.push([target.oid, pathOfChild(folder, name), target.className]);
      }
    }
    return new OutsideEntries(state, item, beside);
  }

  /** The path of an entry that lies beside the object, or beside a folder in which it lies. */
  pathBeside(oid: Oid): string | undefined {
    return this.#beside.get(oid);
  }

  /** Whether an object may be an entry of another folder: it has a name of its own, or the class of one that is. */
  mayBeEntry(object: StoredObject): boolean {
    if (isTree(object)) return false;
    const isNamed = ['id', '__name__'].some((name) => textOf(attributeOf(object, name)));
    return isNamed || this.#classesBeside.has(object.className);
  }

  /** The paths of those of some objects that are entries of folders outside. Reads all folders. */
  async pathsOf(oids: ReadonlySet<Oid>): Promise<ReadonlyMap<Oid, string>> {
    const found = new Map<Oid, string>();
    const { oid: item } = this.#item.object;
    const walk = walkFrom(this.#state, await locateTop(this.#state), {
      isPassed: (oid) => oid === item,
    });
    for await (const { path, object } of walk)
      if (oids.has(object.oid)) found.set(object.oid, path);
    return found;
  }
}
