import { formatOid } from '../../filestorage/oid.ts';
import { microsecondsOfTid } from '../../filestorage/tid.ts';
import { type ObjectSummary, summaryOf } from '../../objects/description.ts';
import type { LocatedObject } from '../../objects/path.ts';
import { type Unfollowed, walkFrom } from '../../objects/walk.ts';
import { type ContentPlace, openContent } from './content-place.ts';
import { locatePath } from './locate-path.ts';

/** What objects have to be like. What is undefined, any object is like. */
export interface ObjectFilter {
  /** Its `portal_type`, its class with or without its module. */
  readonly type: string | undefined;
  /** Its id, in which `*` stands for any characters, and `?` for one. */
  readonly name: string | undefined;
  /** Its record was written at this moment, or later. */
  readonly changedSince: Date | undefined;
}

/** An object that a filter takes. */
export interface FoundObject extends ObjectSummary {
  readonly path: string;
  /** 16 hex digits. */
  readonly oid: string;
}

/**
 * The objects at and below a path that a filter takes, in the order of the folders. All that lies below it is read.
 * Failures: `not-found`, and those of {@link openContent}.
 *
 * @param onUnfollowed - is told what can't be followed
 */
export async function* findObjects(
  place: ContentPlace,
  {
    path,
    filter,
    onUnfollowed,
  }: {
    readonly path: string;
    readonly filter: ObjectFilter;
    readonly onUnfollowed: (unfollowed: Unfollowed) => void;
  },
): AsyncGenerator<FoundObject> {
  await using opened = await openContent(place);
  const { state } = opened;
  const isMeant = filterOf(filter);
  const start = await locatePath(state, path);
  for await (const located of walkFrom(state, start, { onUnfollowed })) {
    place.context.signal.throwIfAborted();
    const { path: where, object } = located;
    if (isMeant(located)) yield { path: where, oid: formatOid(object.oid), ...summaryOf(object) };
  }
}

function filterOf({ type, name, changedSince }: ObjectFilter): (one: LocatedObject) => boolean {
  const pattern = name === undefined ? undefined : patternOf(name);
  const since = changedSince === undefined ? undefined : BigInt(changedSince.getTime()) * 1000n;
  return ({ path, object }) =>
    (pattern === undefined || pattern.test(path.slice(path.lastIndexOf('/') + 1))) &&
    (since === undefined || microsecondsOfTid(object.tid) >= since) &&
    (type === undefined || typesOf(summaryOf(object)).includes(type));
}

function typesOf({
  className = '',
  portalType,
}: Pick<ObjectSummary, 'className' | 'portalType'>): readonly string[] {
  const alone = className.slice(className.lastIndexOf('.') + 1);
  return [className, alone, ...(portalType === undefined ? [] : [portalType])];
}

function patternOf(name: string): RegExp {
  const escaped = name.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
