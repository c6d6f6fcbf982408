import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import type { JobContext } from '../run/events.ts';
import { openCopy } from './copy-place.ts';
import type { PushResult } from './copying.ts';
import { pushSite } from './push-site.ts';
import { rememberCopy } from './remembered-copies.ts';

/** What became of one copy. */
export type CopyOutcome =
  | { readonly kind: 'done'; readonly copy: CopySettings; readonly result: PushResult }
  | { readonly kind: 'failed'; readonly copy: CopySettings; readonly failure: Failure };

/** A site, and those of its copies that are meant. */
export interface SiteCopies {
  readonly site: Site;
  readonly copies: readonly CopySettings[];
  readonly now: () => Date;
}

/**
 * Brings copies of a site what they lack, one after the other, and remembers how that ended: what one didn't get, a
 * later run brings.
 */
export async function* pushCopies(
  { site, copies, now }: SiteCopies,
  context: JobContext,
): AsyncGenerator<CopyOutcome> {
  for (const copy of copies) {
    const outcome = await tryToPush({ site, copy, now }, context);
    const failure = outcome.kind === 'failed' ? outcome.failure : undefined;
    await rememberCopy({ site, copy, at: now() }, { failure, backups: context.backups });
    yield outcome;
  }
}

/** The same behind a backup, for all of its copies: one that fails is a warning, as the backup itself is good. */
export async function pushAllCopies(
  { site, now }: Omit<SiteCopies, 'copies'>,
  context: JobContext,
): Promise<void> {
  const { copies = [] } = site;
  for await (const outcome of pushCopies({ site, copies, now }, context)) {
    if (outcome.kind === 'done') continue;
    const { code: cause, message: reason } = outcome.failure;
    const copy = outcome.copy.name;
    context.onEvent({ kind: 'warning', code: 'copy-failed', copy, cause, reason });
  }
}

async function tryToPush(
  { site, copy, now }: Omit<SiteCopies, 'copies'> & { readonly copy: CopySettings },
  context: JobContext,
): Promise<CopyOutcome> {
  try {
    const result = await pushSite({ site, copy, now, open: openCopy }, context);
    context.onEvent({ kind: 'copied', copy: copy.name, ...result });
    return { kind: 'done', copy, result };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'interrupted') throw error;
    return { kind: 'failed', copy, failure: error };
  }
}
