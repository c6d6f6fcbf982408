/** What a call does to the disk; which errors it can meet depends on it. */
export type CallClass =
  | 'write'
  | 'create'
  | 'open'
  | 'make-folder'
  | 'rename'
  | 'link'
  | 'remove'
  | 'truncate'
  | 'sync'
  | 'attributes';

const CLASSES: readonly (readonly [CallClass, RegExp])[] = [
  ['write', /^(write|pwrite64|writev|pwritev2?|copy_file_range|sendfile)$/],
  ['create', /^(open|openat|openat2|creat)$/],
  ['make-folder', /^mkdir(at)?$/],
  ['rename', /^rename(at2?)?$/],
  ['link', /^(sym)?link(at)?$/],
  ['remove', /^(unlink(at)?|rmdir)$/],
  ['truncate', /^(f?truncate|fallocate)$/],
  ['sync', /^(fsync|fdatasync|sync|syncfs|sync_file_range)$/],
  ['attributes', /^(f?chmod|fchmodat2?|[fl]?chown|fchownat|utimensat|utime|utimes|futimesat)$/],
];

/** strace's expression for all of them. */
export const TRACED_CALLS = `/^(${CLASSES.map(([, names]) => names.source.slice(1, -1)).join('|')})$`;

/** Who makes a call: a thread of the command, or a program that it starts, which may be for the second time. */
export type Tracee =
  | { readonly kind: 'thread'; readonly thread: 'main' | 'pool' }
  | { readonly kind: 'program'; readonly name: string; readonly turn: number };

/** A system call that changes something in the site's folder, or opens something there. */
export interface Call {
  readonly tracee: Tracee;
  readonly class: CallClass;
  readonly syscall: string;
  /** Its number among all calls of this name that the thread or process makes; from 1. */
  readonly number: number;
  /** The same among those only that concern the site. */
  readonly turn: number;
  /** What it is about, below the site's folder, without what is random in names. */
  readonly path: string;
  /** Where that is all that it is about: the calls can be counted by it. */
  readonly alone: PathAlone | undefined;
}

/** One path, and the number of a call among those of its name that are about it; from 1. */
export interface PathAlone {
  readonly absolute: string;
  readonly number: number;
}

/** Reads strace's log of one tracee, made with `-y`: the calls that concern a folder. */
export function readCalls(
  log: string,
  { tracee, folder }: { readonly tracee: Tracee; readonly folder: string },
): readonly Call[] {
  const counts = new Map<string, number>();
  const turns = new Map<string, number>();
  return log.split('\n').flatMap((line) => {
    const [, pid = '', syscall, words] = /^(?:(\d+) +)?(\w+)\((.*)$/.exec(line) ?? [];
    if (syscall === undefined || words === undefined) return [];
    const key = `${pid} ${syscall}`;
    const number = (counts.get(key) ?? 0) + 1;
    counts.set(key, number);
    const isProgram = tracee.kind === 'program';
    const paths = pathsOf({ syscall, words });
    const path = concernedPath(paths, { folder, isProgram });
    const found = CLASSES.find(([, names]) => names.test(syscall))?.[0];
    if (path === undefined || found === undefined) return [];
    const turn = (turns.get(key) ?? 0) + 1;
    turns.set(key, turn);
    const alone = paths.length === 1 && !isProgram ? paths[0] : undefined;
    const onPath = (turns.get(`${key} ${alone}`) ?? 0) + 1;
    turns.set(`${key} ${alone}`, onPath);
    const isOpening = found === 'create' && !/\bO_CREAT\b|^creat$/.test(`${words} ${syscall}`);
    return [
      {
        ...{ tracee, class: isOpening ? 'open' : found, syscall, number, turn, path },
        alone: alone === undefined ? undefined : { absolute: alone, number: onPath },
      },
    ];
  });
}

/**
 * The number that a call has by a log in which it is not where it was: threads may take other turns.
 * Where the log ends before it, the number to try next.
 */
export function numberByLog(
  log: string,
  { call, folder }: { readonly call: Call; readonly folder: string },
): number {
  const calls = readCalls(log, { tracee: call.tracee, folder }).filter(
    ({ syscall }) => syscall === call.syscall,
  );
  const found = calls.find(({ turn }) => turn === call.turn);
  return found?.number ?? call.number + Math.max(1, call.turn - calls.length);
}

/** Whether a line of strace's log is about something in a folder. */
export function isConcerned(line: string, folder: string): boolean {
  const tracee = { kind: 'program', name: '', turn: 1 } as const;
  return readCalls(line, { tracee, folder }).length > 0;
}

export function describeTracee(tracee: Tracee): string {
  return tracee.kind === 'thread' ? tracee.thread : `${tracee.name}#${tracee.turn}`;
}

function pathsOf({
  syscall,
  words,
}: {
  readonly syscall: string;
  readonly words: string;
}): readonly string[] {
  const isByDescriptor = /^\d+</.test(words) && !/at2?$/.test(syscall);
  return isByDescriptor ? openedPaths(words) : namedPaths(words);
}

/** The first path among a call's arguments that lies in the folder. */
function concernedPath(
  paths: readonly string[],
  { folder, isProgram }: { readonly folder: string; readonly isProgram: boolean },
): string | undefined {
  const path = paths.find((one) => one.startsWith(`${folder}/`));
  if (path !== undefined) return shorten(path.slice(folder.length + 1));
  // The programs go to a folder of the site, and name what is there without it.
  const relative = isProgram ? paths.find((one) => one.startsWith('./')) : undefined;
  return relative === undefined ? undefined : shorten(relative);
}

/** Paths of the open files that a call is about; what it writes is not looked at. */
function openedPaths(words: string): readonly string[] {
  const [head = ''] = words.split('"');
  return [...head.matchAll(/\b\d+<([^>]*)>/g)].map(([, path = '']) => path);
}

/** Paths that a call names; `./` in front of one of which the folder isn't known. */
function namedPaths(words: string): readonly string[] {
  const paths: string[] = [];
  let base: string | undefined;
  for (const [, opened, text] of words.matchAll(
    /(?:AT_FDCWD|\b\d+)<([^>]*)>|"((?:[^"\\]|\\.)*)"/g,
  )) {
    if (opened !== undefined) base = opened;
    else if (text?.startsWith('/')) paths.push(text);
    else paths.push(`${base ?? '.'}/${text}`);
  }
  return paths.length === 0 && base !== undefined ? [base] : paths;
}

function shorten(path: string): string {
  return path
    .replace(/\.[0-9a-f]{12}\.zodbvault/g, '.*.zodbvault')
    .replace(/\d{4}(-\d\d){5}/g, 'STAMP')
    .replace(/(0x[0-9a-f]{2}\/){2,}/g, '0x../');
}
