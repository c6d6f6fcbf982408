import type { OpenBackups } from '../../../blobs/open-backups.ts';
import type { Site } from '../../../config/model/site.ts';
import type { PointMoment } from '../../../copies/layout/keys.ts';
import { parseStamp } from '../../../repository/layout/stamp.ts';
import { readTags } from '../../../repository/records/tags.ts';
import { copiedRepositories } from '../copied-repositories.ts';

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
  for await (const { place, store } of copiedRepositories(site, backups)) {
    const read = await readTags(store);
    if (read.kind === 'unread') continue;
    for (const change of ['given', 'taken'] as const) {
      for (const { stamp: text, name: tag } of change === 'given' ? read.tags : read.taken) {
        const stamp = parseStamp(text);
        if (stamp !== undefined) found.push({ place, stamp, tag, change });
      }
    }
  }
  return found;
}
