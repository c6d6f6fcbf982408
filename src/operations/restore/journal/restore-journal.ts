import { formatUtcMoment } from '../../../system/calendar/utc-time.ts';
import { Failure } from '../../../system/failure.ts';
import { leadToOne } from '../../../system/files/place.ts';
import {
  applyReplacement,
  identify,
  inverseOf,
  KEPT,
  type Replacement,
  removeAll,
  revertReplacement,
  STAGED,
} from '../../../system/files/replacement.ts';
import { withoutEnd } from '../../../system/processes/process-end.ts';
import { VERSION } from '../../../system/processes/version.ts';
import type { JobContext } from '../../run/events.ts';
import {
  journalPath,
  keptBy,
  type RestoreJournal,
  readJournal,
  removeJournal,
  writeJournal,
} from './journal-record.ts';

/** What a restore has made ready, and what becomes of what it replaces. */
export interface Swap {
  readonly steps: readonly Replacement[];
  /** What is restored, in words. */
  readonly restored: string;
  readonly points?: RestoreJournal['points'];
  readonly old: 'keep' | 'discard';
  /** What becomes of what an earlier restore has kept: it goes, or this takes it back. */
  readonly earlier: 'superseded' | 'taken-back';
  readonly now: Date;
  /** Called when what is staged belongs to the journal: it is no waste any more. */
  readonly onTaken: () => void;
}

/**
 * Puts what was staged in the place of what is live. When this returns, all of it is there; when it
 * throws, all is as it was, or the journal is there, and {@link finishInterruptedRestore} finishes it.
 */
export async function swapAll(
  anchor: string,
  { steps, restored, points, old, earlier, now, onTaken }: Swap,
): Promise<void> {
  const before = await readJournal(anchor);
  const journal: RestoreJournal = {
    format: 1,
    tool: `zodbvault ${VERSION}`,
    anchor,
    at: now.toISOString(),
    restored,
    points,
    state: 'swapping',
    steps: [...steps],
    superseded:
      before !== undefined && earlier === 'superseded' && (await isOf(anchor, before))
        ? keptBy(before)
        : [],
  };
  try {
    await writeJournal(anchor, journal);
  } catch (error) {
    await withdraw(anchor, { before, onTaken });
    throw error;
  }
  onTaken();
  await withoutEnd(async () => {
    try {
      for (const step of steps) await applyReplacement(step);
    } catch (error) {
      await takeBack(anchor, { steps, before, earlier });
      throw error;
    }
  });
  await conclude(anchor, { ...journal, state: old === 'keep' ? 'done' : 'discarding' });
}

/**
 * A journal that couldn't be written may be there all the same, if only the last sync failed. Where it
 * can't be taken away either, what is staged must stay for it.
 */
async function withdraw(
  anchor: string,
  { before, onTaken }: Pick<Swap, 'onTaken'> & { readonly before: RestoreJournal | undefined },
): Promise<void> {
  try {
    if (before === undefined) await removeJournal(anchor);
    else await writeJournal(anchor, before);
  } catch {
    onTaken();
  }
}

/** Where even this fails, the journal stays, and the next command finishes the restore. */
async function takeBack(
  anchor: string,
  {
    steps,
    before,
    earlier,
  }: Pick<Swap, 'steps' | 'earlier'> & { readonly before: RestoreJournal | undefined },
): Promise<void> {
  try {
    for (const step of [...steps].reverse()) await revertReplacement(step);
    if (before === undefined) await removeJournal(anchor);
    else await writeJournal(anchor, before);
    if (earlier === 'taken-back') return; // What was staged is what that one has kept.
    for (const { staged } of steps) if (staged !== null) await removeAll(staged);
  } catch {
    // What went wrong first is what people have to know.
  }
}

/** What was kept is removed after the journal has said so: a removal can't be taken back. */
async function conclude(anchor: string, journal: RestoreJournal): Promise<void> {
  await writeJournal(anchor, journal);
  for (const path of journal.superseded) await removeAll(path);
  if (journal.state === 'done') {
    if (journal.superseded.length > 0) await writeJournal(anchor, { ...journal, superseded: [] });
    return;
  }
  for (const path of keptBy(journal)) await removeAll(path);
  await removeJournal(anchor);
}

/**
 * Finishes a restore that was killed while it swapped, and says so. The caller holds the locks of
 * what was restored.
 */
export async function finishInterruptedRestore(
  anchor: string,
  { onEvent }: JobContext,
): Promise<void> {
  const journal = await readJournal(anchor);
  if (journal === undefined || (journal.state === 'done' && journal.superseded.length === 0))
    return;
  if (!(await isOf(anchor, journal))) {
    // What that one has kept or removed is nobody's here.
    if (journal.state === 'swapping') throw isOfAnotherSite(anchor, { journal, doing: 'go on' });
    return;
  }
  if (journal.state === 'swapping') {
    await finish(anchor, journal);
    onEvent({
      kind: 'notice',
      code: 'restore-finished-late',
      restored: journal.restored,
      at: journal.at,
    });
  }
  await conclude(anchor, {
    ...journal,
    state: journal.state === 'swapping' ? 'done' : journal.state,
  });
}

/** Failures tell how to go on without: each command would try again, and fail. */
async function finish(anchor: string, { steps }: RestoreJournal): Promise<void> {
  try {
    await withoutEnd(async () => {
      for (const step of steps) await applyReplacement(step);
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, hint } = error;
    const way = `To give up the restore that was stopped, move "${journalPath(anchor)}" away first.`;
    throw new Failure(code, message, {
      hint: { kind: 'several', hints: [hint, way] },
      cause: error,
    });
  }
}

/** What an undo would do. Failure `not-found` where nothing was kept. */
export async function planUndo(anchor: string): Promise<RestoreJournal> {
  const journal = await readOwnJournal(anchor, 'undo a restore');
  if (journal !== undefined) return journal;
  throw new Failure(
    'not-found',
    `Cannot undo a restore of "${anchor}": zodbvault has kept no replaced files`,
    {
      hint: { kind: 'earlier-date-as-discarded' },
    },
  );
}

/** Swaps back what the last restore replaced, and keeps what it had restored: it can be undone, too. */
export async function undoRestore(anchor: string, now: Date): Promise<RestoreJournal> {
  const journal = await planUndo(anchor);
  const steps: Replacement[] = [];
  for (const step of [...journal.steps].reverse()) {
    const identity = step.kept === null ? undefined : await identify(step.kept);
    if (step.kept !== null && identity === undefined) throw keptIsGone(step.kept);
    steps.push(inverseOf(step, identity ?? null));
  }
  const restored = `what was there before ${formatUtcMoment(journal.at)}`;
  await swapAll(anchor, {
    steps,
    restored,
    old: 'keep',
    earlier: 'taken-back',
    now,
    onTaken: () => {},
  });
  return journal;
}

/** The restore whose replaced files would go. Failure `not-found` where nothing was kept. */
export async function planDiscard(anchor: string): Promise<RestoreJournal> {
  const journal = await readOwnJournal(anchor, 'remove what a restore replaced');
  if (journal !== undefined) return journal;
  throw new Failure(
    'not-found',
    `Cannot remove what a restore of "${anchor}" replaced: zodbvault has kept nothing of it`,
    { hint: 'It has been removed already, or nothing was restored here; nothing is left to do.' },
  );
}

/** Failure `refused` for one that was copied here with its site: what it says is to be done there. */
async function readOwnJournal(anchor: string, doing: string): Promise<RestoreJournal | undefined> {
  const journal = await readJournal(anchor);
  if (journal === undefined || (await isOf(anchor, journal))) return journal;
  throw isOfAnotherSite(anchor, { journal, doing });
}

/** By whatever name the anchor was called then, if that still leads here. */
function isOf(anchor: string, journal: RestoreJournal): Promise<boolean> {
  return leadToOne(anchor, journal.anchor).catch(() => anchor === journal.anchor);
}

function isOfAnotherSite(
  anchor: string,
  { journal, doing }: { readonly journal: RestoreJournal; readonly doing: string },
): Failure {
  const path = journalPath(anchor);
  const isHalf = journal.state === 'swapping';
  const so = isHalf ? ', which was stopped half-way' : '';
  return new Failure(
    'refused',
    `Cannot ${doing}: "${path}" tells of a restore of "${journal.anchor}"${so}; the site was copied or moved here`,
    {
      hint: `${isHalf ? `Move "${path}" away, then restore again` : 'Restore to an earlier date instead, or do it there'}. What came with the copy and is not needed has names that end in "${KEPT}" or "${STAGED}".`,
    },
  );
}

/** Removes what the last restore replaced; returns its paths. Failure `not-found` as above. */
export async function discardKept(anchor: string): Promise<readonly string[]> {
  const journal = await planDiscard(anchor);
  await conclude(anchor, { ...journal, state: 'discarding' });
  return keptBy(journal);
}

function keptIsGone(path: string): Failure {
  return new Failure('not-found', `Cannot undo the restore: "${path}" is gone`, {
    hint: { kind: 'earlier-date' },
  });
}
