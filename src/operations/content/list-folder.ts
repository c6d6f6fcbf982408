import { formatOid } from '../../filestorage/oid.ts';
import { type Child, type ChildTarget, childrenOf } from '../../objects/children.ts';
import { type ObjectSummary, summaryOf } from '../../objects/description.ts';
import { pathOfChild } from '../../objects/path.ts';
import { requireObject } from '../../objects/stored-object.ts';
import type { State } from '../../states/state.ts';
import { Failure } from '../../system/failure.ts';
import { type ContentPlace, openContent } from './content-place.ts';
import { locatePath } from './locate-path.ts';

export type { ObjectSummary };

/** What a folder has under a name, as its own record says. */
export interface ListedChild {
  readonly name: string;
  readonly path: string;
  readonly entry: ListedEntry;
}

/**
 * - `object`: what its record says of it; its oid is 16 hex digits
 * - `unreadable`: its record can't be read, and why
 * - others: see {@link ChildTarget}
 */
export type ListedEntry =
  | ({ readonly kind: 'object'; readonly oid: string } & ObjectSummary)
  | { readonly kind: 'unreadable'; readonly oid: string; readonly reason: string }
  | Exclude<ChildTarget, { readonly kind: 'object' }>;

/** Records that are on their way at once. */
const AT_ONCE = 16;

/**
 * The children of the folder at a path, in its order: one that can't be read is an entry of its own. Failures:
 * `not-found`, `damaged`, and those of {@link openContent}.
 */
export async function* listFolder(place: ContentPlace, path: string): AsyncGenerator<ListedChild> {
  await using opened = await openContent(place);
  const { state } = opened;
  const { object, path: folder } = await locatePath(state, path);
  let waiting: Promise<ListedChild>[] = [];
  for await (const child of childrenOf(state, object)) {
    waiting.push(listChild(state, folder, child));
    if (waiting.length < AT_ONCE) continue;
    yield* await Promise.all(waiting);
    waiting = [];
  }
  yield* await Promise.all(waiting);
}

async function listChild(
  state: State,
  folder: string,
  { name, target }: Child,
): Promise<ListedChild> {
  const path = pathOfChild(folder, name);
  if (target.kind !== 'object') return { name, path, entry: target };
  const oid = formatOid(target.oid);
  try {
    const object = await requireObject(state, target.oid);
    return { name, path, entry: { kind: 'object', oid, ...summaryOf(object) } };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { name, path, entry: { kind: 'unreadable', oid, reason: error.message } };
  }
}
