import { findRetentionHoldOf } from '../../../blobs/ownership/retention-hold.ts';
import type { Site } from '../../../config/model/site.ts';
import { nameOfPoint, type PointMoment } from '../../../copies/layout/keys.ts';
import { isSound, wasSeenDeeply } from '../../../repository/judgement.ts';
import { findUnreadChecks } from '../../../repository/records/check-results.ts';
import { findUnreadTags } from '../../../repository/records/tags.ts';
import type { HeldBy } from '../../../repository/retention/retention-point.ts';
import { listSite } from '../../list/list-site.ts';
import { findBackupPlaces } from '../../run/backup-places.ts';
import type { JobContext } from '../../run/events.ts';

/** What the folders of a site know that a copy doesn't. */
export interface LocalDoubts {
  /** Why nothing old goes here, and so not there either; undefined: nothing holds it. */
  readonly held: HeldBy | undefined;
  /** Whether nothing is known against a restore point, as far as it is here, too. */
  readonly isSound: (point: PointMoment) => boolean;
  /** Whether a deep look has found it good, as far as it is here, too. */
  readonly isProven: (point: PointMoment) => boolean;
}

/** Of who has nothing but the copy. */
export const NO_DOUBTS: LocalDoubts = {
  held: undefined,
  isSound: () => true,
  isProven: () => false,
};

export async function readLocalDoubts(site: Site, context: JobContext): Promise<LocalDoubts> {
  const all = { kind: 'all', backups: context.backups } as const;
  const unsound = new Set<string>();
  const proven = new Set<string>();
  for (const { place, points } of await listSite(site, all)) {
    const { storage, kind } = place;
    if (kind === 'alternative') continue;
    for (const one of points) {
      if (one.kind !== 'filestorage') continue;
      const name = nameOfPoint({ place: { storage, kind }, stamp: one.point.stamp });
      if (!isSound(one.judgement)) unsound.add(name);
      else if (wasSeenDeeply(one.judgement)) proven.add(name);
    }
  }
  return {
    held: await whatHolds(site, context),
    isSound: (point) => !unsound.has(nameOfPoint(point)),
    isProven: (point) => proven.has(nameOfPoint(point)),
  };
}

async function whatHolds(site: Site, context: JobContext): Promise<HeldBy | undefined> {
  const { backups } = context;
  for (const place of await findBackupPlaces(site, { kind: 'all', backups })) {
    if ((await findRetentionHoldOf(place, context)) !== undefined) return { kind: 'lost-blobs' };
    if (place.repository === undefined) continue;
    const { store } = await backups.repository(place.repository);
    const fileName = (await findUnreadChecks(store)) ?? (await findUnreadTags(store));
    if (fileName !== undefined) return { kind: 'unread', fileName };
  }
  return undefined;
}
