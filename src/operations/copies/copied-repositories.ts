import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { Site } from '../../config/model/site.ts';
import { type CopyPlace, PLACE_KINDS } from '../../copies/layout/place.ts';
import type { Store } from '../../stores/store.ts';
import { findBackupPlaces } from '../run/backup-places.ts';

/** The repositories of a site of which copies are made, or its blob backups alone, each with its place there. */
export async function* copiedRepositories(
  site: Site,
  backups: OpenBackups,
): AsyncGenerator<{ readonly place: CopyPlace; readonly store: Store }> {
  for (const one of await findBackupPlaces(site, { kind: 'all', backups })) {
    const kind = PLACE_KINDS.find((kind) => kind === one.kind);
    if (kind === undefined) continue;
    const { store } = await backups.repository(one.path);
    yield { place: { storage: one.storage, kind }, store };
  }
}
