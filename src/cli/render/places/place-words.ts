import type { HeldCopyLock } from '../../../operations/places/copy-locks.ts';
import type {
  Ability,
  PlaceReport,
  Protection,
  Trial,
} from '../../../operations/places/place-report.ts';
import { adviceOf } from '../remedies/advice.ts';

/** What it means that a place can do something, and that it can't. */
const ABILITY_WORDS: Readonly<Record<Ability, readonly [good: string, bad: string]>> = {
  list: ['this user may list what is there', 'this user cannot list what is there'],
  write: ['this user may write', 'this user cannot write'],
  read: ['what is read is what was written', 'what is read is not what was written'],
  ranges: ['parts of a file can be read alone', 'parts of a file cannot be read alone'],
  order: [
    'a list is sorted, and shows at once what was written',
    'a list is not sorted, or does not show at once what was written',
  ],
  'create-once': [
    'a file is created only if nothing has its name',
    'the place cannot create a file only if nothing has its name',
  ],
  'replace-unchanged': [
    'a file is replaced only if it is unchanged',
    'the place cannot replace a file only if it is unchanged',
  ],
  sync: [
    'what was written survives a crash of the server',
    'not synced: a crash of the server may lose what was written last',
  ],
  remove: [
    'this user may remove',
    'this user cannot remove, so nothing old can be removed from here',
  ],
  versions: [
    'what is overwritten or removed stays as an earlier version',
    'what is overwritten or removed is gone: the bucket keeps no versions',
  ],
  'versions-stay': ['this user cannot remove versions', 'this user can remove versions'],
  lock: [
    'nobody can remove what is locked (object lock, compliance)',
    'nothing can be locked for everybody (object lock, compliance)',
  ],
  governance: [
    'this user cannot get round a weaker lock (object lock, governance)',
    'this user can get round a weaker lock (object lock, governance)',
  ],
};

const PROTECTION_WORDS: Readonly<Record<Protection, string>> = {
  lock: 'Object lock can protect a copy there from everybody, as long as "lock_days" says.',
  key: 'Nobody who has this key can destroy a copy there, unless the key may change the settings of the bucket: that was not tried.',
  none: 'Nothing protects a copy there from somebody who has this key.',
};

const WRITERS_WORDS: Readonly<Record<PlaceReport['writers'], string>> = {
  several: 'Copies can be kept there. A lock keeps several writers apart.',
  one: 'Copies can be kept there, by one machine alone: nothing keeps two writers apart. Set "single_writer = true" for this copy.',
  none: 'Copies cannot be kept there.',
};

/** A clock that is further off is worth a word. */
const CLOCK_OFF_MS = 60_000;

export const TRIAL_WORDS = { good: ['yes'], bad: ['no'] } as const;

/** What was found out about a place: a line for each trial, the clock, and the conclusion. */
export function renderPlace({
  trials,
  clockAheadMs,
  writers,
  protection,
}: PlaceReport): readonly string[] {
  const lines = [...trials.flatMap(renderTrial), clockLine(clockAheadMs), WRITERS_WORDS[writers]];
  return protection === undefined ? lines : [...lines, PROTECTION_WORDS[protection]];
}

function renderTrial({ ability, isGood, reason, hint }: Trial): readonly string[] {
  const [good, bad] = ABILITY_WORDS[ability];
  if (isGood) return [`yes  ${good}`];
  const because = reason === undefined ? '' : ` (${reason})`;
  const advice = hint === undefined ? [] : [`     ${adviceOf(hint)}`];
  return [`no   ${bad}${because}`, ...advice];
}

function clockLine(aheadMs: number | undefined): string {
  if (aheadMs === undefined) return 'no   the clock of the place cannot be read';
  if (Math.abs(aheadMs) < CLOCK_OFF_MS) return 'yes  its clock and that of this machine agree';
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const where = aheadMs > 0 ? 'ahead of' : 'behind';
  return `no   its clock is ${minutes} min ${where} that of this machine: locks go by its clock, so that is no harm`;
}

/** Who holds the lock of a copy. */
export function renderLock({ site, holder, process }: HeldCopyLock): string {
  if (holder === undefined) return `${site}: its lock cannot be read by this version`;
  const { pid, host } = holder.process;
  const state = process === 'ended' ? '; that process has ended' : '';
  const until = holder.expires === undefined ? '' : `, until ${holder.expires}`;
  return `${site}: locked by "${holder.command}", pid ${pid} on ${host}, since ${holder.since}${until}${state}`;
}
