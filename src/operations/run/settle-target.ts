import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { isNamed, pointOfDate, type RestoreTarget } from '../../repository/restore-target.ts';
import { Failure } from '../../system/failure.ts';
import { findBackupPlaces } from './backup-places.ts';

/**
 * What a target means for all storages of a site: a date that is the name of a restore point of one of them means backups
 * for the others, too, and a time that one of them has seen has come for all, whatever the clock says. Where only blobs are backed up, there are no other moments. Failure `usage` for a transaction there.
 */
export async function settleTarget(
  target: RestoreTarget,
  {
    site,
    kind,
    backups,
  }: { readonly site: Site; readonly kind: BackupKind | 'all'; readonly backups: OpenBackups },
): Promise<RestoreTarget> {
  if (target.kind !== 'moment' || target.chain !== undefined) return target;
  const { moment } = target;
  if (site.contents === 'blobs') {
    if (moment.kind === 'date') return pointOfDate(moment);
    throw new Failure(
      'usage',
      `Cannot find a transaction of "${site.part}": only its blobs are backed up`,
      {
        hint: 'Name a date.',
      },
    );
  }
  if (moment.kind === 'transaction') return target;
  const point = pointOfDate(moment);
  const stamps: Stamp[] = [];
  for (const { repository } of await findBackupPlaces(site, { kind, backups })) {
    if (repository === undefined) continue;
    const catalogue = await (await backups.repository(repository)).catalogueIfThere();
    stamps.push(...(catalogue === undefined ? [] : pointStampsOf(catalogue)));
  }
  const isFuture = moment.isFuture && stamps.every((stamp) => `${stamp}` < moment.date);
  const settled = { ...moment, isFuture };
  const isName = stamps.some((stamp) => isNamed(stamp, point));
  return isName ? pointOfDate(settled) : { ...target, moment: settled };
}
