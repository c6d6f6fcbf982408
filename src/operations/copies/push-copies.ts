import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import type { JobContext } from '../run/events.ts';
import { openCopy } from './copy-place.ts';
import type { PushRequest, PushResult } from './copying.ts';
import { pushSite } from './push-site.ts';
import { type CopyEnd, isKnown, rememberCopy, rememberedCopies } from './remembered-copies.ts';

/** What became of one copy. */
export type CopyOutcome =
  | { readonly kind: 'done'; readonly copy: CopySettings; readonly result: PushResult }
  | {
      readonly kind: 'failed';
      readonly copy: CopySettings;
      readonly failure: Failure;
      /** Restore points that came to it before. */
      readonly brought: number;
    };

/** A site, and those of its copies that are meant. */
export interface SiteCopies {
  readonly site: Site;
  readonly copies: readonly CopySettings[];
  readonly now: () => Date;
  /** Copies to where an earlier copy is gone, or one of another site is. */
  readonly beginAgain: boolean;
}

/**
 * Brings copies of a site what they lack, one after the other, and remembers how that ended: what one didn't get, a
 * later run brings.
 */
export async function* pushCopies(
  { site, copies, now, beginAgain }: SiteCopies,
  context: JobContext,
): AsyncGenerator<CopyOutcome> {
  const known = beginAgain ? [] : await rememberedCopies(site, context.backups);
  for (const copy of copies) {
    const remembered = known.find((one) => one.copy.url === copy.url)?.state;
    const remember = (end: CopyEnd) =>
      rememberCopy({ site, copy, at: now() }, { end, backups: context.backups });
    // A first copy may be killed: what is empty afterwards isn't new.
    const onBegun = isKnown(remembered) ? undefined : () => remember({ kind: 'begun' });
    const request = { site, copy, now, remembered, beginAgain, onBegun };
    const outcome = await tryToPush(request, context);
    const end =
      outcome.kind === 'failed'
        ? outcome
        : { kind: 'complete' as const, points: outcome.result.held };
    await remember(end);
    yield outcome;
  }
}

/** The same behind a backup, for all of its copies: one that fails is a warning, as the backup itself is good. */
export async function pushAllCopies(
  { site, now }: Pick<SiteCopies, 'site' | 'now'>,
  context: JobContext,
): Promise<void> {
  const { copies = [] } = site;
  for await (const outcome of pushCopies({ site, copies, now, beginAgain: false }, context)) {
    if (outcome.kind === 'done') continue;
    const { code: cause, message: reason } = outcome.failure;
    const copy = outcome.copy.name;
    context.onEvent({ kind: 'warning', code: 'copy-failed', copy, cause, reason });
  }
}

async function tryToPush(
  request: Omit<PushRequest, 'open'>,
  context: JobContext,
): Promise<CopyOutcome> {
  const { copy } = request;
  let brought = 0;
  const onBrought = () => {
    brought += 1;
  };
  try {
    const result = await pushSite({ ...request, open: openCopy, onBrought }, context);
    const { held, ...change } = result;
    context.onEvent({ kind: 'copied', copy: copy.name, ...change });
    return { kind: 'done', copy, result };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'interrupted') throw error;
    return { kind: 'failed', copy, failure: error, brought };
  }
}
