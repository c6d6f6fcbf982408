import { type Oid, ROOT_OID } from '../filestorage/oid.ts';
import { entryOf } from '../filestorage/pickle/values/value.ts';
import type { State } from '../states/state.ts';
import { Failure } from '../system/failure.ts';
import { isStrong, mappingOf } from './attributes.ts';
import { type Child, childNamed, childrenOf } from './children.ts';
import { requireObject, type StoredObject } from './stored-object.ts';

/** An object that was found by its path. */
export interface LocatedObject {
  /** As in `/Plone/news`; the application is `/`. */
  readonly path: string;
  readonly object: StoredObject;
  /** What it lies in: the root of the database first, its folder last. */
  readonly ancestors: readonly Oid[];
}

/** Under this name the root has what Zope publishes. */
const APPLICATION = 'Application';

/** What the path `/` means: the application of Zope; in a database without one, its root. */
export async function locateTop(state: State): Promise<LocatedObject> {
  const root = await requireObject(state, ROOT_OID);
  const application = entryOf(mappingOf(root), APPLICATION);
  if (!isStrong(application)) return { path: '/', object: root, ancestors: [] };
  const object = await requireObject(state, application.reference.oid);
  return { path: '/', object, ancestors: [ROOT_OID] };
}

/**
 * The object at a path, as in `/Plone/news/item`: each name is that of a child of the one before. Failures:
 * `not-found`, with what is there instead; `damaged`.
 */
export async function locateObject(state: State, path: string): Promise<LocatedObject> {
  const { located, missing } = await locateAsFarAs(state, path);
  if (missing === undefined) return located;
  throw await nothingAt(state, { folder: located, name: missing });
}

/** The last object on the way to a path, and the first name on it that leads to none. Failure `damaged`. */
export async function locateAsFarAs(
  state: State,
  path: string,
): Promise<{ readonly located: LocatedObject; readonly missing: string | undefined }> {
  let located = await locateTop(state);
  for (const name of path.split('/').filter((part) => part !== '')) {
    const child = await childNamed(state, located.object, name);
    if (child?.target.kind !== 'object') return { located, missing: name };
    located = await locateChild(state, located, { name, oid: child.target.oid });
  }
  return { located, missing: undefined };
}

/** What lies in a located object, under a name that leads to an object of this database. */
export async function locateChild(
  state: State,
  { object, path, ancestors }: LocatedObject,
  child: { readonly name: string; readonly oid: Oid },
): Promise<LocatedObject> {
  return {
    path: pathOfChild(path, child.name),
    object: await requireObject(state, child.oid),
    ancestors: [...ancestors, object.oid],
  };
}

export function pathOfChild(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** Names that a failure says at most. */
const SHOWN_NAMES = 10;

async function nothingAt(
  state: State,
  { folder, name }: { readonly folder: LocatedObject; readonly name: string },
): Promise<Failure> {
  const path = pathOfChild(folder.path, name);
  const others: string[] = [];
  let count = 0;
  for await (const child of childrenOf(state, folder.object)) {
    if (child.name === name) return cannotFollow(path, { folder: folder.path, child });
    if (count < SHOWN_NAMES) others.push(child.name);
    count += 1;
  }
  const more = count > others.length ? `, and ${count - others.length} more` : '';
  const there = count === 0 ? 'There is nothing in it.' : `In it are ${others.join(', ')}${more}.`;
  return new Failure('not-found', `Cannot find "${path}": "${folder.path}" has no "${name}"`, {
    hint: there,
  });
}

function cannotFollow(
  path: string,
  { folder, child: { target } }: { readonly folder: string; readonly child: Child },
): Failure {
  const cannot = (state: string, hint: string) =>
    new Failure('not-found', `Cannot follow "${path}": ${state}`, { hint });
  switch (target.kind) {
    case 'inside':
      return cannot('it has no record of its own', `It is part of the record of "${folder}".`);
    case 'elsewhere':
      return cannot(
        `it is in another database, "${target.database}"`,
        'Look into the storage in which that database is.',
      );
    case 'object':
    case 'nothing':
      return cannot(`"${folder}" names it, and has nothing there`, 'The folder is damaged.');
    default:
      return target satisfies never;
  }
}
