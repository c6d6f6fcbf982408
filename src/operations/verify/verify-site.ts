import type { BackupKind, Site } from '../../config/model/site.ts';
import type { Finding } from '../../repository/verify-repository.ts';
import { listPlace } from '../list/list-site.ts';
import { type BackupPlace, findBackupPlaces } from '../run/backup-places.ts';
import type { JobContext } from '../run/events.ts';
import { isAtWork } from '../run/is-at-work.ts';
import { withRunLog } from '../run/run-log.ts';
import type { BlobFinding } from './blob-finding.ts';
import { findGoneBlobs } from './gone-blobs.ts';
import { type EntryFinding, rememberVerified } from './record-checks.ts';
import { verify } from './verify.ts';
import { verifyBlobs } from './verify-blobs.ts';

export interface SiteVerifySettings {
  readonly site: Site;
  readonly kind: BackupKind | 'all';
  readonly depth: 'quick' | 'thorough';
  readonly chains: 'newest' | 'all';
  readonly now: () => Date;
}

/** What was found in one place. */
export interface VerifiedPlace {
  readonly place: BackupPlace;
  /** Of the backups of the Data.fs. */
  readonly findings: readonly Finding[];
  /** Of the backups of its blobs. */
  readonly blobFindings: readonly BlobFinding[];
}

/** Checks the backups of a site, place by place, and remembers what came out. Failure `not-found` where there are none. */
export async function verifySite(
  settings: SiteVerifySettings,
  context: JobContext,
): Promise<readonly VerifiedPlace[]> {
  const { site, kind, now } = settings;
  return await withRunLog({ verb: 'verify', site, kind, now }, context, async (watched) => {
    const verified = await verifyPlaces(settings, watched.context);
    const findings = verified.flatMap((one) => [...one.findings, ...one.blobFindings]);
    await watched.done({ problems: findings.filter(({ kind }) => kind === 'bad').length });
    return verified;
  });
}

async function verifyPlaces(
  { site, kind, depth, chains, now }: SiteVerifySettings,
  context: JobContext,
): Promise<readonly VerifiedPlace[]> {
  const { backups } = context;
  const verified: VerifiedPlace[] = [];
  for (const place of await findBackupPlaces(site, { kind, backups })) {
    const { repository, blobs } = place;
    const begun = now();
    const findings =
      repository === undefined ? [] : await verify({ repository, depth, chains }, context);
    const ofEntries: EntryFinding[] = [];
    if (blobs !== undefined) {
      const found = verifyBlobs(blobs, { repository, depth, entries: chains, context });
      for await (const one of found) ofEntries.push(one);
    }
    if (repository !== undefined && depth === 'thorough') {
      const time = { begun, seconds: (now().getTime() - begun.getTime()) / 1000 };
      await rememberVerified(await backups.repository(repository), {
        findings,
        blobFindings: ofEntries,
        time,
        context,
      });
    }
    const points = await listPlace(place, { site, backups });
    const wanted = chains === 'all' ? points : points.slice(-1);
    const isRunning = await isAtWork(repository, { now: now(), backups });
    const blobFindings = [
      ...ofEntries.map(({ finding }) => finding),
      ...findGoneBlobs(wanted, { place, isRunning, found: ofEntries }),
    ];
    verified.push({ place, findings, blobFindings });
  }
  return verified;
}
