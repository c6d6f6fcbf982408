import type { CopySettings } from '../../config/model/copy-settings.ts';
import { decodeCopyMarker, encodeCopyMarker } from '../../copies/layout/copy-marker.ts';
import { MARKER_KEY } from '../../copies/layout/keys.ts';
import { readIfThere } from '../../copies/read-copy.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { openObjectStore } from '../../stores/objects/open-object-store.ts';
import { Failure } from '../../system/failure.ts';
import { VERSION } from '../../system/processes/version.ts';

/** Opens the place of a copy. */
export type CopyOpener = (copy: CopySettings) => Promise<ObjectStore>;

/** A place that can't lock is one that keeps to no condition. */
export const openCopy: CopyOpener = ({ url, access, singleWriter }) =>
  openObjectStore(url, { ...access, ...(singleWriter && { conditions: 'none' }) });

/** Makes sure that a place holds copies in the form of this version, or nothing yet. Failure `refused`. */
export async function requireCopyPlace(store: ObjectStore): Promise<void> {
  if (await hasMarker(store)) return;
  await store.put(MARKER_KEY, encodeCopyMarker({ format: 1, tool: `zodbvault ${VERSION}` }));
}

/** The same of a place that has to hold copies. Failure `not-found` where it doesn't. */
export async function requireCopyThere(store: ObjectStore): Promise<void> {
  if (await hasMarker(store)) return;
  throw new Failure('not-found', `Cannot find a copy in "${store.name}"`, {
    hint: 'Name the place as the configuration of the site does, with the whole prefix.',
  });
}

/** Whether copies were ever made in a place. Failure `refused` where they aren't in the form of this version. */
export async function hasMarker(store: ObjectStore): Promise<boolean> {
  const text = (await readIfThere(store, MARKER_KEY))?.toString('utf8');
  if (text === undefined) return false;
  if (decodeCopyMarker(text) !== undefined) return true;
  throw new Failure(
    'refused',
    `Cannot change what is in "${store.name}": it is of a later version, or damaged`,
    {
      hint: `Update this version, or look at "${store.nameOf(MARKER_KEY)}".`,
    },
  );
}
