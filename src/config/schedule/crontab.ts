import { Failure } from '../../system/failure.ts';
import { formatOwner, parseOwner, type ScheduleOwner } from './schedule-owner.ts';
import type { ScheduledJob } from './scheduled-job.ts';

/**
 * The lines of one owner in a crontab, which stand between two comments:
 *
 *     # begin zodbvault "/srv/site" [backup]
 *     37 2 * * * /srv/site/bin/backup -q
 *     # end zodbvault "/srv/site" [backup]
 */
export interface CrontabBlock {
  readonly owner: ScheduleOwner;
  /** With the comments; ends with a line end. */
  readonly text: string;
}

const BEGIN = '# begin zodbvault ';
const END = '# end zodbvault ';
const NOTE =
  '# Written by "zodbvault schedule": the next --install replaces these lines, --remove removes them.';

type CrontabJob = Pick<ScheduledJob, 'argv' | 'searchPath' | 'environment' | 'time' | 'rhythm'>;

/** Failure `usage` for what a crontab has no way to say. */
export function formatBlock(owner: ScheduleOwner, jobs: readonly CrontabJob[]): CrontabBlock {
  const name = formatOwner(owner);
  const lines = [BEGIN + name, NOTE, ...jobs.map(formatLine), END + name];
  return { owner, text: lines.map((line) => `${line}\n`).join('') };
}

function formatLine({
  argv,
  searchPath,
  environment,
  time: { hour, minute },
  rhythm,
}: CrontabJob): string {
  const day = rhythm.kind === 'daily' ? '*' : rhythm.day;
  // Set for the one command: a line PATH=... would hold for all lines that follow, too.
  const variables = [
    ...(searchPath === undefined ? [] : [['PATH', searchPath] as const]),
    ...Object.entries(environment),
  ].map(([name, value]) => `${name}=${cronWord(value)}`);
  return [minute, hour, '*', '*', day, ...variables, ...argv.map(cronWord)].join(' ');
}

/**
 * A word of a command in a crontab, for `/bin/sh`. cron itself takes `\%` for a per cent sign, `%`
 * for a line end, and some crons take `\\` for `\`, others don't: so no backslash stands before
 * another, or before a quote.
 */
export function cronWord(word: string): string {
  if (/[\n\r\0]/.test(word)) {
    throw new Failure('usage', `Cannot schedule ${JSON.stringify(word)}: it holds a line end`, {
      hint: 'A crontab has no way to say that; rename it.',
    });
  }
  if (/^[\w@+=:,./-]+$/.test(word)) return word;
  const quoted = word.replace(/['\\%]/g, (sign) => IN_QUOTES.get(sign) ?? sign);
  return `'${quoted}'`;
}

const IN_QUOTES: ReadonlyMap<string, string> = new Map([
  ["'", `'"'"'`],
  ['\\', "\\''"], // The quotes are closed and opened again.
  ['%', '\\%'],
]);

/** A crontab, cut into our blocks and what is none of our business. */
type Piece =
  | { readonly kind: 'foreign'; readonly text: string }
  | { readonly kind: 'block'; readonly owner: ScheduleOwner; readonly text: string };

/**
 * The crontab with `blocks` in it: each in the place of the one that its owner has, or at the end.
 * Blocks for which `isReplaced` says so go. Every other byte stays as it was.
 *
 * Failure `refused` where our comments don't stand in pairs.
 */
export function mergeCrontab(
  crontab: Uint8Array,
  {
    blocks,
    isReplaced,
  }: {
    readonly blocks: readonly CrontabBlock[];
    readonly isReplaced: (owner: ScheduleOwner) => boolean;
  },
): Buffer {
  const pieces = cut(Buffer.from(crontab).toString('latin1'));
  const wanted = new Map(blocks.map(({ owner, text }) => [formatOwner(owner), asBytes(text)]));
  const kept = pieces.map((piece) => {
    if (piece.kind === 'foreign') return piece.text;
    const name = formatOwner(piece.owner);
    const text = wanted.get(name);
    wanted.delete(name);
    return text ?? (isReplaced(piece.owner) ? '' : piece.text);
  });
  const text = kept.join('');
  const isOpen = wanted.size > 0 && text !== '' && !text.endsWith('\n');
  return Buffer.from([text, isOpen ? '\n' : '', ...wanted.values()].join(''), 'latin1');
}

/** What in a crontab is none of our lines. Failure `refused` where our comments don't stand in pairs. */
export function foreignText(crontab: Uint8Array): string {
  const pieces = cut(Buffer.from(crontab).toString('latin1'));
  const text = pieces.map((piece) => (piece.kind === 'foreign' ? piece.text : '')).join('');
  return Buffer.from(text, 'latin1').toString();
}

/** Bytes as characters, so that a crontab in any encoding stays as it is. */
function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function cut(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const seen = new Set<string>();
  let open: { readonly owner: ScheduleOwner; readonly lines: string[] } | undefined;
  for (const line of text.split(/(?<=\n)/)) {
    const mark = readMark(line);
    if (mark === undefined) {
      if (open === undefined) pieces.push({ kind: 'foreign', text: line });
      else open.lines.push(line);
      continue;
    }
    const name = formatOwner(mark.owner);
    if (mark.kind === 'begin') {
      if (open !== undefined) throw malformed(`the lines for ${formatOwner(open.owner)} don't end`);
      if (seen.has(name)) throw malformed(`there are two sets of lines for ${name}`);
      seen.add(name);
      open = { owner: mark.owner, lines: [line] };
    } else {
      if (open === undefined || formatOwner(open.owner) !== name) {
        throw malformed(`the lines for ${name} don't begin`);
      }
      pieces.push({ kind: 'block', owner: mark.owner, text: [...open.lines, line].join('') });
      open = undefined;
    }
  }
  if (open !== undefined) throw malformed(`the lines for ${formatOwner(open.owner)} don't end`);
  return pieces;
}

type Mark = { readonly kind: 'begin' | 'end'; readonly owner: ScheduleOwner };

function readMark(line: string): Mark | undefined {
  const kind = line.startsWith(BEGIN) ? 'begin' : line.startsWith(END) ? 'end' : undefined;
  if (kind === undefined) return undefined;
  const text = Buffer.from(line, 'latin1').toString();
  const owner = parseOwner(text.slice((kind === 'begin' ? BEGIN : END).length).trimEnd());
  if (owner === undefined) throw malformed(`"${text.trimEnd()}" names no site`);
  return { kind, owner };
}

function malformed(state: string): Failure {
  return new Failure('refused', `Cannot change the crontab: ${state}`, {
    hint: 'Nothing was changed. Repair the comments "# begin zodbvault" and "# end zodbvault" with "crontab -e".',
  });
}
