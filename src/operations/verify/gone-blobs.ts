import type { ListedSitePoint } from '../list/list-site.ts';
import type { BackupPlace } from '../run/backup-places.ts';
import type { BlobFinding } from './blob-finding.ts';
import type { EntryFinding } from './record-checks.ts';

/**
 * Which restore points have lost the blobs that belong to them, or never got them. What a killed run has left
 * incomplete counts while it is the newest: a later one takes its place.
 *
 * @param points - oldest first
 * @param isRunning - whether a backup is at work, which has not come to the blobs of the newest yet
 * @param found - what was found in the blob backups themselves: it isn't said twice
 */
export function findGoneBlobs(
  points: readonly ListedSitePoint[],
  {
    place,
    isRunning,
    found,
  }: {
    readonly place: BackupPlace;
    readonly isRunning: boolean;
    readonly found: readonly EntryFinding[];
  },
): readonly Extract<BlobFinding, { kind: 'bad' }>[] {
  const known = new Set(
    found.filter(({ finding }) => finding.kind === 'bad').map(({ entry }) => entry.stamp),
  );
  return points.flatMap((one) => {
    if (one.kind === 'blobs' || one.judgement.blobs.kind !== 'bad') return [];
    const { stamp, blobs } = one.judgement;
    if (known.has(stamp)) return [];
    for (const reason of blobs.reasons) {
      if (reason.kind === 'incomplete' && (isRunning || one !== points.at(-1))) return [];
      if (reason.kind !== 'gone' && reason.kind !== 'incomplete') continue;
      const folder = place.blobs?.folder;
      return [{ kind: 'bad', name: stamp, problem: { kind: 'blobs-gone', folder, reason } }];
    }
    return [];
  });
}
