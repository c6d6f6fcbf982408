import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { formatUtcMoment } from '../../system/calendar/utc-time.ts';
import { Failure } from '../../system/failure.ts';
import { hasMarker } from './copy-place.ts';
import type { PushRequest } from './copying.ts';

/**
 * Makes sure that a place which has nothing of a site never had: below the path of a disk that is not mounted there is
 * an empty folder, and what is copied there fills the disk of the site, and is hidden when the other one is mounted again.
 * Failure `refused` where the site remembers that it copied there, be it not all, under this name or, if there is no copy at all in the
 * place, under any.
 */
export async function requireNothingCopied(
  store: ObjectStore,
  {
    copy,
    remembered,
    doing,
  }: Pick<PushRequest, 'copy' | 'remembered'> & { readonly doing: 'copy to' | 'verify' },
): Promise<void> {
  const { site, points, completeAt, triedAt } = remembered ?? {};
  if (triedAt === undefined || (completeAt === undefined && points === undefined)) return;
  // A run that was killed early has left no more than the mark.
  const isOnlyBegun = completeAt === undefined && points === 0;
  if ((site !== copy.site || isOnlyBegun) && (await hasMarker(store))) return;
  const what =
    points === undefined || points === 0
      ? 'a copy'
      : points === 1
        ? 'a copy of 1 restore point'
        : `a copy of ${points} restore points`;
  const when =
    completeAt === undefined
      ? `was begun there before ${formatUtcMoment(triedAt)}`
      : `was complete there at ${formatUtcMoment(completeAt)}`;
  throw new Failure(
    'refused',
    `Cannot ${doing} "${store.name}": nothing of the site "${copy.site}" is there, though ${what} ${when}`,
    { hint: { kind: 'mount-or-begin-again', copy: copy.name } },
  );
}
