import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folderState } from '../support/buildout-site.ts';
import type { Errno, Fault } from './faults.ts';
import {
  copyBackups,
  PLACES,
  restoreCopy,
  type SiteState,
  sameState,
  stateOf,
} from './restoring.ts';
import { EXPORT, type KnownBackup, type Prepared, type Verb } from './scenarios.ts';
import { AS_PLANNED, type Ended, runPlainly } from './tracing.ts';

/** Everything about a scenario that is known before anything goes wrong. */
export interface Expectation {
  readonly prepared: Prepared;
  readonly verb: Verb;
  /** The live site, file by file. */
  readonly live: Readonly<Record<string, string>>;
  readonly liveState: SiteState;
  /** The same when the command has run without a fault. */
  readonly afterwards: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly binAfterwards: Readonly<Record<string, string>>;
  /** What an export has written then. */
  readonly exported: Readonly<Record<string, string>>;
  /** All of the site's folder before the command has run. */
  readonly everything: Readonly<Record<string, string>>;
  /** A folder for a copy of the site. */
  readonly copy: string;
}

/** Looks at what a run with a fault left, runs the command again, and says what is wrong. */
export async function judge(
  expectation: Expectation,
  { fault, ended }: { readonly fault: Fault; readonly ended: Ended },
): Promise<readonly string[]> {
  const problems = [...judgeEnd(ended, fault)];
  // Where not a byte has changed, all is as it was, and the next run goes as the one without a fault.
  const { site } = expectation.prepared;
  if (ended.status !== 0 && isSame(everythingOf(site), expectation.everything)) return problems;
  const after = await judgeState(expectation, ended);
  problems.push(...after);
  const again = await runPlainly(expectation.prepared.settle ?? expectation.prepared.command);
  if (again.status !== 0) {
    problems.push(`the next run ends with ${again.status}: ${again.output.trim()}`);
  }
  const settled = await judgeState(expectation, again);
  problems.push(...settled.map((problem) => `after the next run, ${problem}`));
  const left = leftovers(expectation.prepared.site);
  if (left.length > 0) problems.push(`the next run leaves ${left.join(', ')}`);
  return problems;
}

const STATES: Readonly<Record<Errno, string>> = {
  ENOSPC: 'no space left on the disk',
  EIO: 'the disk reported an I/O error',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
};

/** A run that fails says so in one error, which tells what the disk said; never with a stack. */
function judgeEnd({ status, output }: Ended, fault: Fault): readonly string[] {
  const problems: string[] = [];
  const isKill = fault.kind === 'kill' || fault.kind === 'kill-after';
  if (/Internal error|\n\s+at .+:\d+|node:internal/.test(output)) {
    problems.push(`it ends with a stack: ${output.trim()}`);
  }
  if (fault.kind === 'thread' && status === 0) problems.push('it goes on without a thread');
  if (status === undefined && !isKill) problems.push(`it dies: ${output.trim()}`);
  if (status === undefined || status === 0 || isKill) return problems;
  const errors = output.split('\n').filter((line) => /^(Error|ERROR): |^Cannot /.test(line));
  const isOne = errors.length === 1 || (errors.length === 2 && errors[0]?.startsWith('ERROR'));
  if (!isOne) problems.push(`it ends with ${status} and not one error: ${output.trim()}`);
  const isOwn = fault.kind === 'error' && fault.call.tracee.kind === 'thread';
  if (isOwn && !output.includes(STATES[fault.errno])) {
    problems.push(`its error does not say "${STATES[fault.errno]}": ${errors.join(' ')}`);
  }
  return problems;
}

function judgeState(expectation: Expectation, ended: Ended): Promise<readonly string[]> {
  switch (expectation.verb) {
    case 'backup':
      return judgeBackup(expectation, ended);
    case 'delete':
      return judgeDelete(expectation);
    case 'restore':
    case 'bring-forward':
      return judgeRestore(expectation, ended);
    case 'install':
      return judgeInstall(expectation, ended);
    case 'export':
      return judgeExport(expectation, ended);
    default:
      return expectation.verb satisfies never;
  }
}

async function judgeBackup(
  expectation: Expectation,
  { status }: Ended,
): Promise<readonly string[]> {
  const { prepared, live, liveState, copy } = expectation;
  const { site, source, known } = prepared;
  const problems: string[] = [];
  if (!isSame(liveOf(site), live)) problems.push('the live site was changed');
  await copyBackups(site, copy);
  const newest = await restoreCopy(copy, { original: site, source, date: undefined });
  const isComplete = newest.kind === 'state' && sameState(newest.state, liveState);
  for (const backup of known) {
    const found = await findBackup(expectation, backup);
    if (found === 'whole') continue;
    if (backup.fate === 'goes' && found === 'gone' && isComplete) continue;
    problems.push(`the backup ${backup.stamp} is ${found}`);
  }
  if (status !== 0) return problems;
  if (!isComplete) problems.push(`exit status 0, but the newest backup gives ${describe(newest)}`);
  const goners = known.filter(({ fate }) => fate === 'goes').map(({ stamp }) => stamp);
  const there = readdirSync(join(site, 'var'), { recursive: true, encoding: 'utf8' });
  const kept = there.filter((name) => goners.some((stamp) => name.includes(stamp)));
  if (kept.length > 0) problems.push(`exit status 0, but ${kept.join(', ')} should be gone`);
  return problems;
}

/** What is deleted is there, or it is gone; all else stays, and so does what the site has now. */
async function judgeDelete(expectation: Expectation): Promise<readonly string[]> {
  const { prepared, live, liveState, copy } = expectation;
  const { site, source, known } = prepared;
  const problems: string[] = [];
  if (!isSame(liveOf(site), live)) problems.push('the live site was changed');
  await copyBackups(site, copy);
  const newest = await restoreCopy(copy, { original: site, source, date: undefined });
  const isThere = newest.kind === 'state' && sameState(newest.state, liveState);
  if (!isThere) problems.push(`the newest backup gives ${describe(newest)}`);
  for (const backup of known) {
    const found = await findBackup(expectation, backup);
    if (found === 'whole' || (backup.fate === 'goes' && found === 'gone')) continue;
    problems.push(`the backup ${backup.stamp} is ${found}`);
  }
  return problems;
}

async function findBackup(
  { prepared: { site, source }, copy }: Expectation,
  { stamp, state }: KnownBackup,
): Promise<'whole' | 'gone' | string> {
  const restored = await restoreCopy(copy, { original: site, source, date: stamp });
  if (restored.kind === 'failure')
    return /^(There are no|Could not find|Cannot find)|no backup is from/.test(restored.message)
      ? 'gone'
      : restored.message;
  if (restored.stamp !== stamp) return 'gone';
  return sameState(restored.state, state) ? 'whole' : 'another state';
}

function describe(restored: Awaited<ReturnType<typeof restoreCopy>>): string {
  return restored.kind === 'failure' ? restored.message : `another state, of ${restored.stamp}`;
}

/** A run that failed left the one state or the other; one that was killed is settled by the next. */
async function judgeRestore(
  expectation: Expectation,
  { status }: Ended,
): Promise<readonly string[]> {
  const { prepared, live, afterwards, copy, verb } = expectation;
  const { site, source, known } = prepared;
  const problems: string[] = [];
  // A stand-by's index may be older than its Data.fs: it is right up to where it goes.
  const now = verb === 'bring-forward' ? withoutIndex(liveOf(site)) : liveOf(site);
  const isNew = isSame(now, afterwards) || isSame(now, withoutIndex(afterwards));
  const isOld = isSame(now, live) || isSame(now, withoutIndex(live));
  // What settles an undo is not the undo itself, which would be taken back.
  const isEither = prepared.settle !== undefined && isOld;
  if (status === 0 && !isNew && !isEither)
    problems.push('exit status 0, but the site is not the restored one');
  if (status !== 0 && status !== undefined && !isNew && !isOld) {
    problems.push(
      `the site is neither the old one nor the restored one: ${difference(now, { live, afterwards })}`,
    );
  }
  if (status === undefined && !isNew && !isOld) {
    const parts = verb === 'bring-forward' ? [] : mixedParts(now, { live, afterwards });
    problems.push(...parts);
  }
  await copyBackups(site, copy);
  for (const backup of known) {
    if (source.kind === 'recipe' && backup !== known.at(-1)) continue; // One that is left alone.
    const found = await findBackup(expectation, backup);
    if (found !== 'whole') problems.push(`the backup ${backup.stamp} is ${found}`);
  }
  return problems;
}

/** Whether each of Data.fs and blob directory at least is the old or the new one, or put aside. */
function mixedParts(
  now: Readonly<Record<string, string>>,
  { live, afterwards }: Pick<Expectation, 'live' | 'afterwards'>,
): readonly string[] {
  return Object.values(PLACES).flatMap((place) => {
    const part = partOf(now, place);
    const isOne =
      Object.keys(part).length === 0 ||
      isSame(part, partOf(live, place)) ||
      isSame(part, partOf(afterwards, place));
    return isOne ? [] : [`${place} is neither the old nor the restored one`];
  });
}

function partOf(
  state: Readonly<Record<string, string>>,
  place: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(state).filter(([path]) => path === place || path.startsWith(`${place}/`)),
  );
}

/** A script is the old one or the new one. */
async function judgeInstall(
  { prepared: { site }, live, bin, binAfterwards }: Expectation,
  { status }: Ended,
): Promise<readonly string[]> {
  const problems: string[] = [];
  if (!isSame(liveOf(site), live)) problems.push('the live site was changed');
  const now = binOf(site);
  for (const [name, content] of Object.entries(now)) {
    if (content !== bin[name] && content !== binAfterwards[name]) {
      problems.push(`bin/${name} is neither the old nor the new one`);
    }
  }
  for (const name of Object.keys(bin)) {
    if (name in binAfterwards && !(name in now)) problems.push(`bin/${name} is gone`);
  }
  if (status === 0 && !isSame(now, binAfterwards)) {
    problems.push('exit status 0, but the scripts are not those of the part');
  }
  return problems;
}

/** Each file of an export is whole or not there, and nothing else has changed. */
function judgeExport(
  { prepared: { site }, everything, exported }: Expectation,
  { status }: Ended,
): Promise<readonly string[]> {
  const problems: string[] = [];
  if (!isSame(withoutExport(everythingOf(site)), withoutExport(everything))) {
    problems.push('something else was changed');
  }
  const now = exportedIn(site);
  for (const [name, content] of Object.entries(now)) {
    if (content !== exported[name]) problems.push(`${name} is not whole`);
  }
  if (status === 0 && !isSame(now, exported)) {
    problems.push('exit status 0, but not all is exported');
  }
  // A kill, or an error, may come before a file of the cache has lost its name.
  const isEmpty = (path: string) => lstatSync(join(site, path)).size === 0;
  const left = leftovers(site).filter((path) => {
    if (path.startsWith(EXPORT.cache)) return !isEmpty(path);
    // What was published may keep the name that it had in the making.
    return status !== undefined && status !== 0;
  });
  if (left.length > 0) problems.push(`it leaves ${left.join(', ')}`);
  return Promise.resolve(problems);
}

function exportedIn(site: string): Readonly<Record<string, string>> {
  const now = folderState(join(site, EXPORT.folder));
  return Object.fromEntries(Object.entries(now).filter(([name]) => !isLeftover(name)));
}

function withoutExport(
  everything: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { cache, folder } = EXPORT;
  return Object.fromEntries(
    Object.entries(everything).filter(
      ([path]) => ![cache, folder].includes(path.split('/')[0] ?? ''),
    ),
  );
}

/** What is in the live site, but for what is in the making or put aside. */
export function liveOf(site: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(folderState(join(site, 'var'))).flatMap(([name, content]) => {
      const path = `var/${name}`;
      const isLive = /^var\/(filestorage|blobstorage)\//.test(path) && !isLeftover(path);
      return isLive ? [[path, content]] : [];
    }),
  );
}

export function binOf(site: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(folderState(join(site, 'bin'))).filter(([name]) => !isLeftover(name)),
  );
}

/** A Data.fs without an index is whole: the server makes one. */
function withoutIndex(state: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(state).filter(([path]) => !path.endsWith('.fs.index')));
}

/** Everything in a folder but locks: content, rights, and times of files. */
function everythingOf(folder: string): Readonly<Record<string, string>> {
  const state = folderState(folder);
  return Object.fromEntries(
    Object.entries(state).map(([name, content]) => {
      const status = lstatSync(join(folder, name));
      const time = status.isFile() ? status.mtimeMs : '';
      return [name, `${content} ${status.mode} ${time}`];
    }),
  );
}

/** What is unfinished or put aside, but for what the journal of a restore knows. */
function leftovers(site: string): readonly string[] {
  const journal = join(site, 'var/filestorage/.Data.fs.zodbvault-restore.json');
  const known = existsSync(journal) ? readFileSync(journal, 'utf8') : '';
  return readdirSync(site, { recursive: true, encoding: 'utf8' })
    .filter((path) => LEFTOVER.test(path) && !known.includes(basename(path)))
    .sort();
}

const LEFTOVER = /\.zodbvault-(tmp|old|restored|kept)(\.part)?$|\.removing$/;

function isLeftover(path: string): boolean {
  return /\.zodbvault-(tmp|old|restored|kept|restore\.json)(\.part)?(\/|$)/.test(path);
}

function difference(
  now: Readonly<Record<string, string>>,
  { live, afterwards }: Pick<Expectation, 'live' | 'afterwards'>,
): string {
  const differing = (other: Readonly<Record<string, string>>) =>
    [...new Set([...Object.keys(now), ...Object.keys(other)])].filter(
      (path) => now[path] !== other[path],
    );
  return `not as before: ${differing(live).slice(0, 3).join(', ')}; not as restored: ${differing(afterwards).slice(0, 3).join(', ')}`;
}

function isSame(
  state: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  return JSON.stringify(state) === JSON.stringify(other);
}

/** Everything about a prepared scenario, found out with one run that is left alone. */
export async function expectationOf(
  prepared: Prepared,
  {
    verb,
    copy,
    reset,
  }: { readonly verb: Verb; readonly copy: string; readonly reset: () => Promise<void> },
): Promise<Expectation & { readonly milliseconds: number }> {
  const { site, source, command } = prepared;
  const live = liveOf(site);
  const liveState = stateOf(site, source);
  const bin = binOf(site);
  const everything = everythingOf(site);
  const since = performance.now();
  const { status, output } = await runPlainly(command);
  const milliseconds = performance.now() - since;
  if (status !== 0) throw new Error(`without a fault, it ends with ${status}: ${output}`);
  const afterwards = liveOf(site);
  const binAfterwards = binOf(site);
  const exported = exportedIn(site);
  const before = { prepared, verb, live, liveState, bin, everything, copy };
  const expectation = { ...before, afterwards, binAfterwards, exported };
  const problems = [...(await judgeState(expectation, { status, output, hit: AS_PLANNED }))];
  await reset();
  const untouched = { status: undefined, output: '', hit: AS_PLANNED };
  problems.push(...(await judgeState(expectation, untouched)));
  if (problems.length > 0) throw new Error(`without a fault: ${problems.join('; ')}`);
  return { ...expectation, milliseconds };
}
