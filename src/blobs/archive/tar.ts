import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../system/failure.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';
import {
  failureOfEnd,
  type ProgramEnd,
  requireProgram,
  startProgram,
  throughProgram,
} from '../../system/processes/programs.ts';
import { compressToMembers } from '../../system/streams/gzip/compress.ts';
import { decompress } from '../../system/streams/gzip/decompress.ts';
import { drain, tap } from '../../system/streams/pipeline.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import type { ArchiveCompression } from '../layout/entry-name.ts';
import { pathsIn, TAR_EXCLUDES } from '../layout/exclusions.ts';
import { type HeadAndTailHash, HeadAndTailHasher } from '../layout/head-and-tail-hash.ts';
import { UNCOMMITTED_PATTERNS } from '../layout/uncommitted.ts';
import { ArchiveReading } from './inspect-archive.ts';

/** zlib's; blobs are mostly images and documents that are compressed already. */
const LEVEL = 1;

export async function findTar(): Promise<string> {
  return requireProgram('tar', { hint: 'Install GNU tar.' });
}

export interface ArchiveSettings {
  readonly source: string;
  readonly compression: ArchiveCompression;
  /** File with GNU tar's state of an incremental chain, which it brings up to date. */
  readonly state: string | undefined;
  /** Paths that are left out, beside what is no blob; they begin with `./`. */
  readonly without: readonly string[];
  readonly onCommand: (argv: readonly string[]) => void;
  /** Is told of each file that a restore to the archive brings, by its path below the directory. */
  readonly onBrought: (path: string) => void;
  readonly signal: AbortSignal;
  /** Is told of the files as tar comes to them, and of their bytes. */
  readonly progress: WorkProgress;
}

/**
 * What became of an archive.
 *
 * - `changed`: files changed or vanished while tar read them. The archive isn't one of any moment, and may be tried
 *   again.
 * - `special`: there are pipes, sockets or devices, which are no blobs. It may be tried again without them.
 */
export type ArchiveAttempt =
  | WrittenArchive
  | { readonly kind: 'changed' }
  | { readonly kind: 'special'; readonly paths: readonly string[] };

/** What was written. */
export interface WrittenArchive {
  readonly kind: 'written';
  /** Of the archive, as a record has them. */
  readonly archive: HeadAndTailHash & { readonly sha256: string };
  readonly content: { readonly files: number; readonly bytes: number };
  /** Of an incremental one: all files that it lists, with those that are in archives before it. */
  readonly listed: { readonly files: number; readonly bytes: number };
}

/**
 * The bytes of an archive of a live blob directory, as GNU tar makes it. At their end, `onEnd` is told what became of it:
 * only what is `written` may be kept.
 *
 * What tar writes is read on its way: what a restore would refuse isn't accepted as a backup.
 *
 * Failures: `program` for every other end of tar than success; `damaged` for what no blob directory
 * has: links that lead out of it.
 */
export async function* archiveDirectory(
  settings: ArchiveSettings,
  onEnd: (attempt: ArchiveAttempt) => void,
): AsyncGenerator<Uint8Array> {
  const path = await findTar();
  const argv = [
    '--create',
    '--file=-',
    '--format=gnu',
    '--sparse',
    ...(settings.state === undefined ? [] : [`--listed-incremental=${settings.state}`]),
    ...TAR_EXCLUDES,
    ...(settings.without.length > 0 ? ['--anchored', '--no-wildcards'] : []),
    ...settings.without.map((one) => `--exclude=${one}`),
    `--directory=${settings.source}`,
    '.',
  ];
  settings.onCommand(['tar', ...argv]);
  const special: string[] = [];
  let hasRenames = false;
  const listed = { files: 0, bytes: 0 };
  const reading = await ArchiveReading.begin({
    fault: (state) => isUnfit(settings.source, state),
    onFolder: ({ path: folder, saved, unchanged, renames }) => {
      hasRenames ||= renames.length > 0;
      for (const path of pathsIn(folder, [...saved, ...unchanged])) {
        const status = lstatSync(join(settings.source, path), { throwIfNoEntry: false });
        if (status?.isFile() !== true) continue;
        listed.files += 1;
        listed.bytes += status.size;
        settings.onBrought(path);
      }
    },
    onFile: (file) => {
      settings.progress.onFile(join(settings.source, file));
      // One of a chain lists them all, with those that are in archives before it.
      if (settings.state === undefined) settings.onBrought(file);
    },
    onSpecial: (one) => special.push(one),
  });
  const running = startProgram({ path, arguments: argv });
  running.stdin.end(UNCOMMITTED_PATTERNS);
  settings.signal.addEventListener('abort', running.kill, { once: true });
  const hash = createHash('sha256');
  const archived = tap(running.stdout, (chunk) => settings.progress.onBytes(chunk.length));
  const plain = readAlong(archived, { reading, signal: settings.signal });
  const stored = settings.compression === 'gzip' ? compressToMembers(LEVEL)(plain) : plain;
  const edges = new HeadAndTailHasher();
  try {
    yield* tap(stored, (chunk) => {
      hash.update(chunk);
      edges.add(chunk);
    });
    const end = await running.ended;
    settings.signal.throwIfAborted();
    // tar leaves sockets out, but lists them in an incremental archive: later they would pass for lost files.
    special.push(...socketsIn(end));
    if (special.length > 0) return onEnd({ kind: 'special', paths: special });
    if (end.status !== 0 && !(await isHarmless(end, settings.source))) {
      // 1: "some files differ": tar's manual.
      if (end.status === 1) return onEnd({ kind: 'changed' });
      throw failureOfEnd(end, {
        what: `Cannot archive "${settings.source}": tar`,
        hint: 'Nothing was kept of this archive. Correct what tar reports, then run the command again.',
      });
    }
    const content = await reading.end();
    // Folders came and went meanwhile. See withoutMovedFolders for why there are none else.
    if (hasRenames) return onEnd({ kind: 'changed' });
    const archive = { ...edges.end(), sha256: hash.digest('hex') };
    onEnd({ kind: 'written', archive, content, listed });
  } finally {
    settings.signal.removeEventListener('abort', running.kill);
    running.kill();
  }
}

async function* readAlong(
  source: AsyncIterable<Uint8Array>,
  { reading, signal }: { readonly reading: ArchiveReading; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    await reading.feed(chunk);
    yield chunk;
  }
}

function socketsIn({ errors }: ProgramEnd): readonly string[] {
  return [...errors.matchAll(/^\S*tar: (.+): socket ignored$/gm)].map(([, path = '']) => path);
}

function isUnfit(source: string, state: string): Failure {
  return new Failure('damaged', `Cannot archive "${source}": ${state}`, {
    hint: 'Nothing was kept of this archive. Take that out of the blob directory, or see what tar does when it is run by hand.',
  });
}

/** A folder that gets another file while tar reads it: that file belongs to a later moment. */
async function isHarmless({ status, errors }: ProgramEnd, source: string): Promise<boolean> {
  if (status !== 1) return false;
  for (const line of errors.trim().split('\n')) {
    const changed = /^\S*tar: (.+): file changed as we read it$/.exec(line)?.[1];
    if (changed === undefined) return false;
    const found = await lstat(join(source, changed)).catch(() => undefined);
    if (found?.isDirectory() !== true) return false;
  }
  return true;
}

/** The bytes of an archive, without its compression; as they are stored, they are counted. */
function plainBytesOf(
  source: ByteSource,
  onBytes: (count: number) => void,
): AsyncIterable<Uint8Array> {
  const { name, sizeBytes } = source;
  const all = source.stream({ start: 0, end: sizeBytes });
  const stored = tap(all, (chunk) => onBytes(chunk.length));
  return name.endsWith('.gz') ? decompress(stored, name) : stored;
}

/**
 * Unpacks an archive into a folder that exists.
 *
 * @param kind - `of-a-chain`: what the archive's folders don't list any more is deleted
 */
export async function extractArchive(
  source: ByteSource,
  {
    target,
    kind,
    onCommand,
    signal,
    progress,
  }: {
    readonly target: string;
    readonly kind: 'alone' | 'of-a-chain';
    readonly onCommand: (argv: readonly string[]) => void;
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<void> {
  const argv = [
    '--extract',
    '--file=-',
    '--preserve-permissions',
    ...(kind === 'of-a-chain' ? ['--incremental'] : []),
    `--directory=${target}`,
  ];
  onCommand(['tar', ...argv]);
  progress.onFile(source.name);
  const bytes = tap(plainBytesOf(source, progress.onBytes), () => signal.throwIfAborted());
  // Where folders change places, tar looks for the one in between from here, not from --directory.
  const program = { path: await findTar(), arguments: argv, directory: target };
  await drain(throughProgram(program, { unread: 'accept' })(bytes));
}
