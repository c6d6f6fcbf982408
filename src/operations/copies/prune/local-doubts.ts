import { findRetentionHoldOf } from '../../../blobs/ownership/retention-hold.ts';
import type { Site } from '../../../config/model/site.ts';
import type { PointName } from '../../../copies/layout/keys.ts';
import { isSound } from '../../../repository/judgement.ts';
import { listSite } from '../../list/list-site.ts';
import { findBackupPlaces } from '../../run/backup-places.ts';
import type { JobContext } from '../../run/events.ts';

/** What the folders of a site know that speaks against a removal in a copy. */
export interface LocalDoubts {
  /** The live site has lost blobs that older backups have: nothing old goes. */
  readonly isHeld: boolean;
  /** Whether nothing is known against a restore point, as far as it is here, too. */
  readonly isSound: (name: PointName) => boolean;
}

export async function readLocalDoubts(site: Site, context: JobContext): Promise<LocalDoubts> {
  const unsound = new Set<string>();
  const all = { kind: 'all', backups: context.backups } as const;
  let isHeld = false;
  for (const place of await findBackupPlaces(site, all)) {
    isHeld ||= (await findRetentionHoldOf(place, context)) !== undefined;
  }
  for (const { place, points } of await listSite(site, all)) {
    for (const one of points) {
      if (one.kind === 'filestorage' && !isSound(one.judgement)) {
        unsound.add(`${place.storage}-${place.kind} ${one.point.stamp}`);
      }
    }
  }
  return {
    isHeld,
    isSound: ({ place, stamp }) => !unsound.has(`${place.storage}-${place.kind} ${stamp}`),
  };
}
