import type { BackupKind, Site } from '../../config/model/site.ts';
import { LATEST_BACKUP } from '../../repository/restore-target.ts';
import { Failure } from '../../system/failure.ts';
import type { JobContext } from '../run/events.ts';
import { verifySiteDeepUnlogged } from '../verify/verify-site-deep.ts';

/**
 * Looks at the newest restore point of each storage as `verify --deep` does, and remembers it. Failure
 * `damaged` with the first finding: the caller removes nothing old then, and what was made stays, as
 * it may be a faithful copy of a database that is damaged itself.
 */
export async function proveBackup(
  site: Site,
  {
    kind,
    now,
    context,
  }: {
    readonly kind: BackupKind;
    readonly now: () => Date;
    readonly context: JobContext;
  },
): Promise<void> {
  const points = { kind: 'one', target: LATEST_BACKUP } as const;
  const settings = { site, kind, points, sample: { kind: 'all' }, now } as const;
  for await (const { place, point } of verifySiteDeepUnlogged(settings, context)) {
    const bad = point.findings.filter(({ kind }) => kind === 'bad');
    const [first] = bad;
    if (first === undefined) continue;
    const where = [first.file, first.oid && `object ${first.oid}`, first.className]
      .filter((word) => word !== undefined)
      .join(', ');
    throw new Failure(
      'damaged',
      `Cannot trust the backup ${point.stamp} in "${place.path}": ${bad.length} found wrong, first: ${where}: ${first.state}`,
      {
        hint: { kind: 'look-deeply' },
      },
    );
  }
}
