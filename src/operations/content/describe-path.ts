import { formatOid } from '../../filestorage/oid.ts';
import { childrenOf } from '../../objects/children.ts';
import { describeObject, type ObjectDescription } from '../../objects/description.ts';
import { type OwnObjects, readOwnObjects } from '../../objects/own-objects.ts';
import { type ContentPlace, openContent } from './content-place.ts';
import { locatePath } from './locate-path.ts';

/** One object, as it stands in the database. */
export interface DescribedPath extends ObjectDescription {
  readonly path: string;
  /** 16 hex digits. */
  readonly oid: string;
  /** What lies in it. */
  readonly children: number;
  readonly own: OwnObjects;
}

/** Failures: `not-found`, `damaged`, and those of {@link openContent}. */
export async function describePath(place: ContentPlace, path: string): Promise<DescribedPath> {
  await using opened = await openContent(place);
  const { state } = opened;
  const located = await locatePath(state, path);
  let children = 0;
  for await (const _ of childrenOf(state, located.object)) children += 1;
  return {
    path: located.path,
    oid: formatOid(located.object.oid),
    ...(await describeObject(state, located.object)),
    children,
    own: await readOwnObjects(state, located),
  };
}
