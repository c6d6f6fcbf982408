import { sitePrefix } from '../../copies/layout/keys.ts';
import { copiedPoints } from '../../copies/read-copy.ts';
import { objectsBelow } from '../../stores/objects/objects-below.ts';
import type { JobContext } from '../run/events.ts';
import type { PushRequest, PushResult } from './copying.ts';
import { readLocalEvents, runsToShow } from './events/local-events.ts';
import { openCopyForms } from './forms/copy-forms.ts';
import { requireNothingCopied } from './gone-copy.ts';
import { readLocalPoints } from './local-points.ts';
import { noteSite, readHead } from './note-site.ts';
import { isLockDue, lockTimes } from './protect/copy-lock.ts';
import { settledAs } from './prune/settled.ts';
import { pushLocked } from './push-locked.ts';
import { readLocalTags } from './tags/local-tags.ts';

/**
 * Brings to a copy what it lacks: the newest chain of each place first, each from its full backup on. At each moment
 * all is there of the points that count. Then the newest chains are locked for longer, where the copy is locked and it
 * is time, and what is too old goes, unless the copy is append-only. Failures: those of the store; `refused` where the copy
 * is gone that runs before made; `locked` where another run copies; `damaged` where a backup isn't what was written, when
 * all else is copied.
 */
export async function pushSite(request: PushRequest, context: JobContext): Promise<PushResult> {
  const { copy, site, now, open } = request;
  await using forms = await openCopyForms(copy);
  await using store = await open(copy);
  const below = objectsBelow(store, sitePrefix(copy.site));
  const local = await readLocalPoints(site, context.backups);
  const tags = await readLocalTags(site, context.backups);
  const events = await readLocalEvents(site, { backups: context.backups, now: now() });
  const there = await copiedPoints(below);
  const before = await readHead(store, copy.site);
  if (there.length === 0 && before === undefined)
    await requireNothingCopied(store, { ...request, doing: 'copy to' });
  const settled = settledAs(copy, { local, tags, events, there });
  const isDue = there.length > 0 && (await isLockDue(store, lockTimes(copy, before)));
  if (before?.settled === settled && !isDue) {
    const head = { ...before, runs: runsToShow(events) };
    await noteSite(store, { site: copy.site, points: there, head, settled, at: now() });
    return { points: 0, bytes: 0, removed: 0, held: there.length, seal: undefined };
  }
  return await pushLocked(
    { ...request, store, below, local, tags, events, forms, before },
    context,
  );
}
