import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { Failure } from '../../system/failure.ts';
import { formatOwner, parseOwner, type ScheduleOwner } from './schedule-owner.ts';
import type { JobKind, ScheduledJob } from './scheduled-job.ts';

/** A file in a folder of systemd. */
export interface UnitFile {
  readonly name: string;
  readonly content: string;
}

const MARK = '# Written by "zodbvault schedule" for ';

/** Seconds within which a timer starts, so that the sites of a machine don't all start at once. */
const DELAY_SECONDS = 300;

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

const DOES: Readonly<Record<JobKind, string>> = {
  backup: 'back up',
  snapshot: 'make a snapshot of',
  zip: 'make a zip backup of',
  verify: 'verify the backups of',
};

/**
 * The service and the timer of a job: systemd.service(5), systemd.timer(5). A service that still runs
 * isn't started again. Failure `usage` for what a unit has no way to say.
 */
export function formatUnits(job: ScheduledJob): {
  readonly service: UnitFile;
  readonly timer: UnitFile;
} {
  const owner = formatOwner(job.owner);
  const name = unitName(job);
  const description = `zodbvault: ${DOES[job.kind]} ${owner}`.replaceAll('%', '%%');
  const head = [`${MARK}${owner}`, '[Unit]', `Description=${description}`, ''];
  const path = job.searchPath;
  const service = [
    ...head,
    '[Service]',
    'Type=oneshot',
    ...(job.user === undefined ? [] : [`User=${unitWord(job.user)}`]),
    ...(path === undefined ? [] : [`Environment=${unitWord(`PATH=${path}`)}`]),
    ...Object.entries(job.environment).map(
      ([name, value]) => `Environment=${unitWord(`${name}=${value}`)}`,
    ),
    `ExecStart=${commandLine(job.argv)}`,
  ];
  const timer = [
    ...head,
    '[Timer]',
    `OnCalendar=${calendar(job)}`,
    'Persistent=true',
    `RandomizedDelaySec=${DELAY_SECONDS}`,
    '',
    '[Install]',
    'WantedBy=timers.target',
  ];
  return {
    service: { name: `${name}.service`, content: `${service.join('\n')}\n` },
    timer: { name: `${name}.timer`, content: `${timer.join('\n')}\n` },
  };
}

/** Whether a file has a name that {@link formatUnits} may have given. */
export function isUnitName(name: string): boolean {
  return /^zodbvault-.*\.(service|timer)$/.test(name);
}

/** For whom a unit was written; undefined: we didn't write it. */
export function unitOwner(content: string): ScheduleOwner | undefined {
  const [line = ''] = content.split('\n', 1);
  return line.startsWith(MARK) ? parseOwner(line.slice(MARK.length)) : undefined;
}

/** A name to recognise, and a hash, since only few characters are allowed in it. */
function unitName({ kind, owner }: ScheduledJob): string {
  const hash = createHash('sha256').update(formatOwner(owner)).digest('hex').slice(0, 8);
  const plain = (text: string) => text.replace(/[^\w.]+/g, '_').slice(0, 40);
  const words = [basename(owner.folder), ...(owner.part === undefined ? [] : [owner.part])];
  return ['zodbvault', kind, ...words.map(plain), hash].join('-');
}

/** systemd.time(7). */
function calendar({ time: { hour, minute }, rhythm }: ScheduledJob): string {
  const clock = [hour, minute, 0].map((part) => String(part).padStart(2, '0')).join(':');
  return `${rhythm.kind === 'daily' ? '' : `${DAYS[rhythm.day]} `}*-*-* ${clock}`;
}

function commandLine(words: readonly string[]): string {
  const [program = '', ...rest] = words;
  // The path of a program may hold neither quotes nor backslashes, and `$` means itself there.
  if (!/["'\\$]/.test(program)) {
    return [unitWord(program), ...rest.map(argument)].join(' ');
  }
  return ['/bin/sh', '-c', 'exec "$0" "$@"', ...words].map(argument).join(' ');
}

function argument(word: string): string {
  return unitWord(word.replaceAll('$', '$$$$'));
}

/** A word in a unit: quoted where it must be, and without specifiers. */
function unitWord(word: string): string {
  if (/\p{Cc}/u.test(word)) {
    throw new Failure('usage', `Cannot schedule ${JSON.stringify(word)}: it holds a line end`, {
      hint: 'A unit of systemd has no way to say that; rename it.',
    });
  }
  const escaped = word.replaceAll('%', '%%');
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replace(/["\\]/g, (sign) => `\\${sign}`)}"`;
}
