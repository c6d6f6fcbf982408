import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { randomFrom } from '../../src/demo/random.ts';
import type { Microseconds } from '../../src/filestorage/tid.ts';
import { DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import { type Finished, type RunOptions, runProgram, zodbvault } from './command.ts';
import { makeSite } from './database.ts';

/** A folder with a site, a `buildout.cfg` and the scripts that `zodbvault install` wrote. */
export interface BuildoutSite {
  readonly folder: string;
  readonly dataFs: string;
  readonly blobs: string;
  /** A path below the folder. */
  readonly path: (...names: readonly string[]) => string;
  /** Replaces `buildout.cfg`; see {@link recipeCfg}. */
  readonly configure: (cfg: string) => void;
  /** Runs the built `zodbvault` in the folder. */
  readonly run: (words: readonly string[], options?: RunOptions) => Promise<Finished>;
  /** Runs `zodbvault install` with `words`, which must succeed. */
  readonly install: (...words: readonly string[]) => Promise<Finished>;
  /** Runs a script of `bin/`, from another directory than the site's. */
  readonly script: (
    name: string,
    words?: readonly string[],
    options?: RunOptions,
  ) => Promise<Finished>;
  /** The same, for what must succeed: an error with all output otherwise. */
  readonly scriptWell: (name: string, ...words: readonly string[]) => Promise<Finished>;
  /** Names in `bin/`, sorted. */
  readonly scripts: () => readonly string[];
}

let made = 0;
const templates = new Map<string, Promise<string>>();

/** `buildout.cfg` with one part of the recipe; `lines` are its options, `more` is added as it is. */
export function recipeCfg(
  lines: readonly string[] = [],
  { part = 'backup', more = '' }: { readonly part?: string; readonly more?: string } = {},
): string {
  return [
    '[buildout]',
    `parts = ${part}`,
    `[${part}]`,
    'recipe = collective.recipe.backup',
    ...lines,
    more,
  ].join('\n');
}

/**
 * Makes a site with some 12 transactions and a few blobs, in a folder of its own below `scratch`,
 * writes `cfg` and installs; `undefined` installs nothing.
 */
export async function newBuildoutSite(
  scratch: string,
  cfg: string | undefined,
): Promise<BuildoutSite> {
  const folder = join(scratch, `buildout-${++made}`);
  const template = templates.get(scratch) ?? makeTemplate(scratch);
  templates.set(scratch, template);
  cpSync(await template, folder, { recursive: true, preserveTimestamps: true });
  const site = buildoutSiteIn(folder);
  if (cfg !== undefined) {
    site.configure(cfg);
    await site.install();
  }
  return site;
}

/** The same for a folder that has what it needs, or that a test fills itself. */
export function buildoutSiteIn(folder: string): BuildoutSite {
  mkdirSync(folder, { recursive: true });
  const run: BuildoutSite['run'] = (words, options) =>
    zodbvault(words, { cwd: folder, ...options });
  const script: BuildoutSite['script'] = (name, words = [], options = {}) =>
    runProgram(join(folder, 'bin', name), words, { cwd: '/', ...options });
  return {
    folder,
    dataFs: join(folder, 'var/filestorage/Data.fs'),
    blobs: join(folder, 'var/blobstorage'),
    path: (...names) => join(folder, ...names),
    configure: (cfg) => writeFileSync(join(folder, 'buildout.cfg'), cfg),
    run,
    install: async (...words) => succeeded(await run(['install', ...words]), 'zodbvault install'),
    script,
    scriptWell: async (name, ...words) => succeeded(await script(name, words), `bin/${name}`),
    scripts: () => (existsSync(join(folder, 'bin')) ? readdirSync(join(folder, 'bin')).sort() : []),
  };
}

/** Commits one new blob, and 2 kB in an object; the blob directory is made when it isn't there. */
export async function commitBlob(
  dataFs: string,
  blobs: string = join(dirname(dataFs), '../blobstorage'),
): Promise<void> {
  mkdirSync(dirname(dataFs), { recursive: true });
  await using writer = await DatabaseWriter.open({
    path: dataFs,
    blobs: { path: blobs, layout: 'bushy' },
    now: () => (BigInt(Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const random = randomFrom(writer.committedEnd);
  const data = new Map([['content', random.bytes(2000)]]);
  const [oid, blob] = [writer.newOid(), writer.newOid()];
  await writer.commit({
    changes: [
      { kind: 'state', oid, state: { kind: 'mapping', data } },
      { kind: 'blob', oid: blob, content: random.bytes(5000) },
    ],
  });
}

/**
 * Everything below a folder: paths with `folder`, the md5 of a file, or where a link leads. Locks,
 * which come and go, and the run log are left out. A folder that isn't there is empty.
 */
export function folderState(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(({ name }) => !/\.lock$|^\.zodbvault\.runs\./.test(name))
    .map((entry): readonly [string, string] => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (entry.isSymbolicLink()) return [name, `-> ${readlinkSync(path)}`];
      if (!entry.isFile()) return [name, 'folder'];
      return [name, createHash('md5').update(readFileSync(path)).digest('hex')];
    });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Names of a folder's entries, sorted; none where it isn't there. Names with a dot in front are left out. */
export function namesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

/** Names of the data files in a repository, oldest first. */
export function dataFilesIn(repository: string): readonly string[] {
  return namesIn(repository).filter((name) => /fsz?$/.test(name));
}

async function makeTemplate(scratch: string): Promise<string> {
  const folder = join(scratch, 'buildout-template');
  const dataFs = join(folder, 'var/filestorage/Data.fs');
  await makeSite(dataFs, 12);
  await commitBlob(dataFs);
  return folder;
}

function succeeded(finished: Finished, what: string): Finished {
  if (finished.status === 0) return finished;
  throw new Error(`${what} ended with ${finished.status}:\n${finished.stdout}\n${finished.stderr}`);
}
