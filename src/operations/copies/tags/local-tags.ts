import type { OpenBackups } from '../../../blobs/open-backups.ts';
import type { Site } from '../../../config/model/site.ts';
import type { PointMoment } from '../../../copies/layout/keys.ts';
import { PLACE_KINDS } from '../../../copies/layout/place.ts';
import { parseStamp } from '../../../repository/layout/stamp.ts';
import { readTags } from '../../../repository/records/tags.ts';
import { findBackupPlaces } from '../../run/backup-places.ts';

/** A tag that a restore point of a site has, or that somebody has removed from it. */
export interface LocalTag extends PointMoment {
  readonly tag: string;
  readonly change: 'given' | 'taken';
}

/** The tags of a site, as its folders have them. Those of a folder that nobody can read change nothing. */
export async function readLocalTags(
  site: Site,
  backups: OpenBackups,
): Promise<readonly LocalTag[]> {
  const found: LocalTag[] = [];
  for (const { storage, kind, repository } of await findBackupPlaces(site, {
    kind: 'all',
    backups,
  })) {
    const copied = PLACE_KINDS.find((one) => one === kind);
    if (copied === undefined || repository === undefined) continue;
    const read = await readTags((await backups.repository(repository)).store);
    if (read.kind === 'unread') continue;
    const place = { storage, kind: copied };
    for (const change of ['given', 'taken'] as const) {
      for (const { stamp: text, name: tag } of change === 'given' ? read.tags : read.taken) {
        const stamp = parseStamp(text);
        if (stamp !== undefined) found.push({ place, stamp, tag, change });
      }
    }
  }
  return found;
}
