import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { blobFiles } from '../support/blobs.ts';
import {
  type BuildoutSite,
  buildoutSiteIn,
  commitBlob,
  dataFilesIn,
  recipeCfg,
} from '../support/buildout-site.ts';
import { COMMAND } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { zopeSiteIn } from '../support/zope-site.ts';
import type { ThreadWork } from './faults.ts';
import { type SiteState, type Source, stateOf } from './restoring.ts';
import type { CommandLine } from './tracing.ts';

/** A backup that was finished before, and what it must give. */
export interface KnownBackup {
  readonly stamp: string;
  readonly state: SiteState;
  /** Whether the command may remove it when what it makes is complete. */
  readonly fate: 'stays' | 'goes';
}

/** A site of which everything is known, and the command that is tortured on it. */
export interface Prepared {
  readonly site: string;
  readonly command: CommandLine;
  /** What is run after a fault; undefined: the same again. */
  readonly settle?: CommandLine;
  readonly source: Source;
  readonly known: readonly KnownBackup[];
}

/** What a command does, and so by what it is judged. */
export type Verb = 'backup' | 'delete' | 'restore' | 'bring-forward' | 'install' | 'export';

export interface Scenario {
  readonly name: string;
  readonly verb: Verb;
  /** What threads do in it, which can fail, too. */
  readonly threads?: readonly ThreadWork[];
  /** Makes the site in a folder that isn't there. */
  readonly prepare: (folder: string) => Promise<Prepared>;
}

const BLOBS = ['blob_storage = var/blobstorage'];
const OWN = [...BLOBS, 'use_rsync = false'];
const ARCHIVES = [...BLOBS, 'archive_blob = true'];

export const SCENARIOS: readonly Scenario[] = [
  backup('first-backup', { options: BLOBS, before: 0 }),
  backup('increment-rsync', { options: [...BLOBS] }),
  backup('full-own-copy', { options: [...OWN, 'full = true'] }),
  backup('numbers-rsync', { options: [...BLOBS, 'blob_timestamps = false'] }),
  backup('numbers-own-copy', { options: [...OWN, 'blob_timestamps = false'] }),
  backup('archives', { options: [...ARCHIVES, 'compress_blob = false'] }),
  backup('archives-gzip', { options: [...ARCHIVES, 'compress_blob = true'] }),
  backup('archives-numbers', {
    options: [...ARCHIVES, 'blob_timestamps = false', 'compress_blob = false'],
  }),
  backup('chain-full', {
    options: [...ARCHIVES, 'incremental_blobs = true', 'full = true'],
  }),
  backup('chain-delta', { options: [...ARCHIVES, 'incremental_blobs = true'] }),
  backup('zip', {
    options: [...BLOBS, 'enable_zipbackup = true'],
    script: 'zipbackup',
    fate: 'goes',
  }),
  backup('snapshot', { options: [...BLOBS], script: 'snapshotbackup' }),
  backup('prune', { options: [...BLOBS, 'full = true'], fate: 'goes' }),
  backup('prune-archives', { options: [...ARCHIVES, 'full = true'], fate: 'goes' }),
  backup('prune-chain', {
    options: [...ARCHIVES, 'incremental_blobs = true'],
    script: 'fullbackup',
    fate: 'goes',
  }),
  restore('restore-rsync', { options: [...BLOBS] }),
  restore('restore-own-copy', { options: [...OWN] }),
  restore('restore-archive', { options: [...ARCHIVES] }),
  restore('restore-chain', { options: [...ARCHIVES, 'incremental_blobs = true'] }),
  install('install'),
  plainBackup('plain-increment', []),
  plainBackup('plain-prune', ['--full', '--keep', '1']),
  deletion('delete'),
  plainRestore('plain-restore', 'restore'),
  plainRestore('stand-by', 'bring-forward'),
  undo('undo'),
  exporting('export'),
  repozo('repozo-backup', { words: ['-B', '-z'], fate: 'stays' }),
  repozo('repozo-full-kill', { words: ['-B', '-F', '-k'], fate: 'goes' }),
  repozoRecover('repozo-recover'),
];

/** Each with a Data.fs so large that threads take its checksums, and that it is read back while it is written. */
export const LARGE_SCENARIOS: readonly Scenario[] = [
  largeData('large-backup', {
    verb: 'backup',
    words: ['backup', '--full'],
    threads: ['content-md5', 'checksum'],
  }),
  largeData('large-restore', { verb: 'restore', words: ['restore', '-n'], threads: ['checksum'] }),
];

type RecipeScript = 'backup' | 'fullbackup' | 'zipbackup' | 'snapshotbackup';

function backup(
  name: string,
  {
    options,
    script = 'backup',
    before = 2,
    fate = 'stays',
  }: {
    readonly options: readonly string[];
    readonly script?: RecipeScript;
    /** Backups that were made before, by the same script, but a full one by an incremental. */
    readonly before?: number;
    /** Those that go do so because one full backup is kept. */
    readonly fate?: KnownBackup['fate'];
  },
): Scenario {
  return {
    name,
    verb: 'backup',
    prepare: async (folder) => {
      const site = await recipeSite(folder, options);
      const earlier = script === 'fullbackup' ? 'backup' : script;
      const known = await backUpTimes(site, { script: earlier, times: before, fate });
      if (fate === 'goes') await configure(site, [...options, 'keep = 1']);
      return { ...scriptOf(site, script), known };
    },
  };
}

/** The site has grown since its last backup, and its oldest blob was packed away. */
function restore(name: string, { options }: { readonly options: readonly string[] }): Scenario {
  return {
    name,
    verb: 'restore',
    prepare: async (folder) => {
      const site = await recipeSite(folder, options);
      const known = await backUpTimes(site, { script: 'backup', times: 2, fate: 'stays' });
      const [oldest = ''] = blobFiles(site.blobs);
      rmSync(join(site.blobs, oldest));
      return { ...scriptOf(site, 'backup'), ...commandOf(site.path('bin/restore'), ['-n']), known };
    },
  };
}

function install(name: string): Scenario {
  return {
    name,
    verb: 'install',
    prepare: async (folder) => {
      const site = await recipeSite(folder, BLOBS);
      const known = await backUpTimes(site, { script: 'backup', times: 1, fate: 'stays' });
      site.configure(
        recipeCfg([
          ...BLOBS,
          'keep = 7',
          'compatible = 2.3',
          'enable_zipbackup = true',
          'enable_snapshotbackup = false',
        ]),
      );
      return { ...scriptOf(site, 'backup'), ...commandLine(folder, ['install']), known };
    },
  };
}

const PLAIN: Source = { kind: 'plain' };
const REPOSITORY: Source = { kind: 'repository', path: 'var/backups' };

function plainBackup(name: string, words: readonly string[]): Scenario {
  return {
    name,
    verb: 'backup',
    prepare: async (folder) => {
      const fate = words.includes('--keep') ? 'goes' : 'stays';
      const known = await plainSite(folder, { source: PLAIN, words: ['backup'], fate });
      return { site: folder, source: PLAIN, known, ...commandLine(folder, ['backup', ...words]) };
    },
  };
}

/** The increment of the older of two chains goes. Whatever is left of it, a backup removes. */
function deletion(name: string): Scenario {
  return {
    name,
    verb: 'delete',
    prepare: async (folder) => {
      const stays = { source: PLAIN, words: ['backup'], fate: 'stays' } as const;
      const [full, increment] = await plainSite(folder, stays);
      if (full === undefined || increment === undefined) throw new Error('two backups are needed');
      const { status, stderr } = await buildoutSiteIn(folder).run(['backup', '--full']);
      if (status !== 0) throw new Error(stderr);
      const { command: settle } = commandLine(folder, ['backup']);
      const line = commandLine(folder, ['delete', increment.stamp, '-n']);
      const known: readonly KnownBackup[] = [full, { ...increment, fate: 'goes' }];
      return { site: folder, source: PLAIN, known, settle, ...line };
    },
  };
}

function plainRestore(name: string, verb: 'restore' | 'bring-forward'): Scenario {
  return {
    name,
    verb,
    prepare: async (folder) => {
      const known = await plainSite(folder, { source: PLAIN, words: ['backup'], fate: 'stays' });
      const words = ['restore', '-n'];
      if (verb === 'bring-forward') {
        const [earlier] = known;
        const dataFs = join(folder, 'var/filestorage/Data.fs');
        const to = buildoutSiteIn(folder);
        const back = ['restore', '-n', '--no-keep-old', earlier?.stamp ?? ''];
        const { status, stderr } = await to.run(back);
        if (status !== 0) throw new Error(stderr);
        words.push('--to', dataFs, '--location', join(folder, 'var/backups'));
      }
      return { site: folder, source: PLAIN, known, ...commandLine(folder, words) };
    },
  };
}

/** A small backup was made before the Data.fs grew. A restore goes back to what the backup after that has. */
function largeData(
  name: string,
  {
    verb,
    words,
    threads,
  }: Required<Pick<Scenario, 'verb' | 'threads'>> & { readonly words: readonly string[] },
): Scenario {
  return {
    name,
    verb,
    threads,
    prepare: async (folder) => {
      const site = buildoutSiteIn(folder);
      await commitBlob(site.dataFs);
      const known = [await backUp(site, { source: PLAIN, words: ['backup'], fate: 'stays' })];
      await growDatabase(site.dataFs, { transactions: 17, bytesEach: 4 << 20 });
      if (verb === 'restore') {
        known.push(
          await backUp(site, { source: PLAIN, words: ['backup', '--full'], fate: 'stays' }),
        );
        await commitBlob(site.dataFs);
      }
      return { site: folder, source: PLAIN, known, ...commandLine(folder, words) };
    },
  };
}

/** Takes back a restore. Whatever is left of it, a backup finishes before it begins. */
function undo(name: string): Scenario {
  return {
    name,
    verb: 'restore',
    prepare: async (folder) => {
      const known = await plainSite(folder, { source: PLAIN, words: ['backup'], fate: 'stays' });
      const { status, stderr } = await buildoutSiteIn(folder).run(['restore', '-n']);
      if (status !== 0) throw new Error(stderr);
      const { command: settle } = commandLine(folder, ['backup']);
      const line = commandLine(folder, ['restore', '--undo', '-n']);
      return { site: folder, source: PLAIN, known, settle, ...line };
    },
  };
}

/** Takes an object out of a backup that gzip has made in one piece: it is unpacked meanwhile, into the cache. */
function exporting(name: string): Scenario {
  return {
    name,
    verb: 'export',
    prepare: async (folder) => {
      const { repository } = zopeSiteIn(folder);
      const { status, stderr } = await buildoutSiteIn(folder).run(['backup']);
      if (status !== 0) throw new Error(stderr);
      for (const file of readdirSync(repository)) {
        const path = join(repository, file);
        if (/\.fsz$/.test(file)) writeFileSync(path, gzipSync(gunzipSync(readFileSync(path))));
        else if (!/\.(dat|index)$/.test(file)) rmSync(path, { recursive: true });
      }
      const [cache, exported] = [join(folder, EXPORT.cache), join(folder, EXPORT.folder)];
      for (const one of [cache, exported]) mkdirSync(one);
      const words = ['export', 'latest', '/Plone/news', '-o', join(exported, EXPORT.file)];
      const { command } = commandLine(folder, words);
      const env = [`ZODBVAULT_CACHE=${cache}`, command.program, ...command.words];
      // What a killed run has left is anybody's: it has a name of its own.
      const again = `rm -r ${exported} ${cache}; mkdir ${exported} ${cache} && exec env "$@"`;
      return {
        site: folder,
        source: PLAIN,
        known: [],
        command: { ...command, program: 'env', words: env },
        settle: { ...command, program: 'sh', words: ['-c', again, 'sh', ...env] },
      };
    },
  };
}

/** Where an export writes, below the site's folder. */
export const EXPORT = { cache: 'cache', folder: 'exported', file: 'news.zexp' };

function repozo(
  name: string,
  { words, fate }: { readonly words: readonly string[]; readonly fate: KnownBackup['fate'] },
): Scenario {
  return {
    name,
    verb: 'backup',
    prepare: async (folder) => {
      const places = [
        '-f',
        join(folder, 'var/filestorage/Data.fs'),
        '-r',
        join(folder, 'var/backups'),
      ];
      mkdirSync(join(folder, 'var/backups'), { recursive: true });
      const before = ['repozo', '-B', '-z', ...places];
      const known = await plainSite(folder, { source: REPOSITORY, words: before, fate });
      const command = commandLine(folder, ['repozo', ...words, ...places]);
      return { site: folder, source: REPOSITORY, known, ...command };
    },
  };
}

function repozoRecover(name: string): Scenario {
  return {
    name,
    verb: 'restore',
    prepare: async (folder) => {
      const places = [
        '-o',
        join(folder, 'var/filestorage/Data.fs'),
        '-r',
        join(folder, 'var/backups'),
      ];
      const known = await plainSite(folder, {
        source: REPOSITORY,
        words: ['backup'],
        fate: 'stays',
      });
      return {
        site: folder,
        source: REPOSITORY,
        known,
        ...commandLine(folder, ['repozo', '-R', ...places]),
      };
    },
  };
}

async function recipeSite(folder: string, options: readonly string[]): Promise<BuildoutSite> {
  const site = buildoutSiteIn(folder);
  await commitBlob(site.dataFs);
  await commitBlob(site.dataFs);
  await configure(site, [...options, 'keep = 5']);
  return site;
}

async function configure(site: BuildoutSite, options: readonly string[]): Promise<void> {
  site.configure(recipeCfg([...options, 'enable_fullbackup = true']));
  await site.install();
}

/** Makes backups, and lets the site grow after each. */
async function backUpTimes(
  site: BuildoutSite,
  {
    script,
    times,
    fate,
  }: { readonly script: RecipeScript; readonly times: number; readonly fate: KnownBackup['fate'] },
): Promise<readonly KnownBackup[]> {
  const known: KnownBackup[] = [];
  const source = sourceOf(script);
  for (let count = 0; count < times; count += 1) {
    const state = stateOf(site.folder, source);
    await site.scriptWell(script);
    known.push({ stamp: newestStamp(site.path(REPOSITORIES[source.of])), state, fate });
    await commitBlob(site.dataFs);
  }
  // A zip backup keeps the newest only.
  return script === 'zipbackup' ? known.slice(-1) : known;
}

interface PlainBackup {
  readonly source: Source;
  readonly words: readonly string[];
  readonly fate: KnownBackup['fate'];
}

async function plainSite(folder: string, how: PlainBackup): Promise<readonly KnownBackup[]> {
  const site = buildoutSiteIn(folder);
  const known: KnownBackup[] = [];
  await commitBlob(site.dataFs);
  for (let count = 0; count < 2; count += 1) {
    known.push(await backUp(site, how));
    await commitBlob(site.dataFs);
  }
  return known;
}

async function backUp(
  site: BuildoutSite,
  { source, words, fate }: PlainBackup,
): Promise<KnownBackup> {
  const { status, stderr } = await site.run(words);
  if (status !== 0) throw new Error(stderr);
  const stamp = newestStamp(site.path('var/backups'));
  return { stamp, state: stateOf(site.folder, source), fate };
}

const REPOSITORIES = {
  backup: 'var/backups',
  snapshot: 'var/snapshotbackups',
  zip: 'var/zipbackups',
} as const;

function sourceOf(script: RecipeScript): Extract<Source, { kind: 'recipe' }> {
  const of = script === 'zipbackup' ? 'zip' : script === 'snapshotbackup' ? 'snapshot' : 'backup';
  return { kind: 'recipe', of };
}

function scriptOf(site: BuildoutSite, script: RecipeScript): Omit<Prepared, 'known'> {
  return {
    site: site.folder,
    source: sourceOf(script),
    ...commandOf(site.path('bin', script), []),
  };
}

function commandOf(program: string, words: readonly string[]): Pick<Prepared, 'command'> {
  return { command: { program, words, cwd: '/' } };
}

function commandLine(folder: string, words: readonly string[]): Pick<Prepared, 'command'> {
  return { command: { program: process.execPath, words: [COMMAND, ...words], cwd: folder } };
}

function newestStamp(repository: string): string {
  return dataFilesIn(repository).at(-1)?.slice(0, 'yyyy-mm-dd-hh-mm-ss'.length) ?? '';
}
