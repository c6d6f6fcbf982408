import { decodeCopyMarker, encodeCopyMarker } from '../../copies/layout/copy-marker.ts';
import { MARKER_KEY } from '../../copies/layout/keys.ts';
import { readIfThere } from '../../copies/read-copy.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { Failure } from '../../system/failure.ts';
import { VERSION } from '../../system/processes/version.ts';

/** Makes sure that a place holds copies in the form of this version, or nothing yet. Failure `refused`. */
export async function requireCopyPlace(store: ObjectStore): Promise<void> {
  const text = (await readIfThere(store, MARKER_KEY))?.toString('utf8');
  if (text === undefined) {
    await store.put(MARKER_KEY, encodeCopyMarker({ format: 1, tool: `zodbvault ${VERSION}` }));
  } else if (decodeCopyMarker(text) === undefined) {
    throw new Failure(
      'refused',
      `Cannot copy to "${store.name}": what it holds is of a later version, or damaged`,
      {
        hint: `Update this version, or look at "${store.nameOf(MARKER_KEY)}".`,
      },
    );
  }
}
