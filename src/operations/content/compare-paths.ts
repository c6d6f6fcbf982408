import { formatOid } from '../../filestorage/oid.ts';
import { type ObjectSummary, summaryOf } from '../../objects/description.ts';
import { ownObjectsOf } from '../../objects/own-objects.ts';
import { type LocatedObject, locateObject } from '../../objects/path.ts';
import { type Unfollowed, walkFrom } from '../../objects/walk.ts';
import type { State } from '../../states/state.ts';
import { isFailure } from '../../system/failure.ts';
import { type ContentPlace, openContent } from './content-place.ts';

/** What became of the object at a path: `replaced`, where another object has the path now. */
export interface PathChange extends ObjectSummary {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed' | 'replaced';
  /** 16 hex digits; of what is gone, the one that it had, as all the rest. */
  readonly oid: string;
}

/** In these a folder keeps its children, which are compared themselves. */
const OF_CHILDREN = ['._tree', '._count', '._mt_index', ".__annotations__['plone.folder.ordered"];

/**
 * What came, went and changed at and below a path, between two moments, in the order of the paths. An object has changed
 * where its record has, or one that belongs to it. Failures: `not-found`, where neither has the path; those of
 * {@link openContent}.
 */
export async function comparePaths(
  { from, to }: { readonly from: ContentPlace; readonly to: ContentPlace },
  {
    path,
    onUnfollowed,
  }: { readonly path: string; readonly onUnfollowed: (one: Unfollowed) => void },
): Promise<readonly PathChange[]> {
  const before = await readBelow(from, { path, onUnfollowed });
  const after = await readBelow(to, { path, onUnfollowed });
  if (before.kind === 'absent' && after.kind === 'absent') throw after.failure;
  const changes: PathChange[] = [];
  const [old, now] = [pathsIn(before), pathsIn(after)];
  for (const [where, one] of old) {
    if (!now.has(where)) changes.push({ ...one.facts, change: 'removed' });
  }
  for (const [where, one] of now) {
    const change = changeFrom(old.get(where), one);
    if (change !== undefined) changes.push({ ...one.facts, change });
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** An object at a path, and which revisions it is made of. */
interface ObjectAt {
  readonly facts: Omit<PathChange, 'change'>;
  readonly revisions: string;
}

type Below =
  | { readonly kind: 'there'; readonly paths: ReadonlyMap<string, ObjectAt> }
  | { readonly kind: 'absent'; readonly failure: Error };

async function readBelow(
  place: ContentPlace,
  {
    path,
    onUnfollowed,
  }: { readonly path: string; readonly onUnfollowed: (one: Unfollowed) => void },
): Promise<Below> {
  await using opened = await openContent(place);
  const { state } = opened;
  let start: LocatedObject;
  try {
    start = await locateObject(state, path);
  } catch (error) {
    if (isFailure(error, 'not-found')) return { kind: 'absent', failure: error };
    throw error;
  }
  const paths = new Map<string, ObjectAt>();
  for await (const located of walkFrom(state, start, { onUnfollowed })) {
    place.context.signal.throwIfAborted();
    const { path: where, object } = located;
    const facts = { path: where, oid: formatOid(object.oid), ...summaryOf(object) };
    paths.set(where, { facts, revisions: await revisionsOf(state, located) });
  }
  return { kind: 'there', paths };
}

function pathsIn(below: Below): ReadonlyMap<string, ObjectAt> {
  return below.kind === 'there' ? below.paths : new Map();
}

async function revisionsOf(state: State, located: LocatedObject): Promise<string> {
  const revisions: string[] = [];
  const isPassed = (attribute: string) => OF_CHILDREN.some((name) => attribute.startsWith(name));
  for await (const { object } of ownObjectsOf(state, located, isPassed)) {
    revisions.push(`${object.oid}:${object.tid}`);
  }
  return revisions.join(' ');
}

function changeFrom(
  before: ObjectAt | undefined,
  after: ObjectAt,
): PathChange['change'] | undefined {
  if (before === undefined) return 'added';
  if (before.facts.oid !== after.facts.oid) return 'replaced';
  return before.revisions === after.revisions ? undefined : 'changed';
}
