import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { Failure } from '../../system/failure.ts';
import { type LiveOutcome, type MountedStorage, variableOf } from '../live-data.ts';
import { formatOrigin } from '../origin.ts';
import { type ConfFile, type ConfSection, confText, confValue, readConfFile } from './conf-file.ts';

/** Where one storage of a conf keeps its data. */
type ConfStorage =
  | {
      readonly kind: 'filestorage';
      readonly name: string | undefined;
      readonly mountPoints: readonly string[];
      readonly dataFs: string;
      readonly blobs: string | undefined;
      readonly from: string;
    }
  | (ElsewhereStorage & {
      readonly name: string | undefined;
      readonly mountPoints: readonly string[];
    });

interface ElsewhereStorage {
  readonly kind: 'elsewhere';
  readonly reason: string;
  readonly hint: string;
}

/** Storages that keep nothing, or nothing that anybody misses. */
const PASSING = ['temporarystorage', 'mappingstorage'];

const FOREIGN: Readonly<Record<string, string>> = {
  relstorage: 'RelStorage, in a relational database',
  pgjsonb: 'PGJsonb, in PostgreSQL',
  newt: 'Newt DB, in PostgreSQL',
  neostorage: 'NEO',
  demostorage: 'a demo storage, which is not meant to last',
};

/**
 * The storages of a `zope.conf` (`<zodb_db main>`) or a `zeo.conf` (`<filestorage 1>`). The main one is
 * that mounted at `/`, or the storage `1`, or the only one; the others are additional storages by
 * their names. What a ZEO client or RelStorage has on this disk is a cache: its data is elsewhere.
 *
 * Failures: those of {@link readConfFile}; `usage` where nobody can tell the main storage.
 */
export async function readConfStorages(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LiveOutcome> {
  const conf = await readConfFile(path, environment);
  const { directory, why } = directoryOf(path, conf);
  const storages = conf.sections.flatMap((section) => storageOf(section, directory) ?? []);
  const main = mainOf(storages, path);
  if (main.kind === 'elsewhere') {
    return { kind: 'elsewhere', reason: main.reason, hint: main.hint };
  }
  const others = storages.filter((one) => one !== main);
  return {
    kind: 'here',
    live: {
      directory,
      variable: { path: variableOf(main.dataFs), from: main.from },
      dataFs: { path: main.dataFs, from: main.from },
      blobs: main.blobs === undefined ? undefined : { path: main.blobs, from: main.from },
      blobCaches: [],
      hasServerPart: false,
      mounted: others.flatMap((one) => (one.kind === 'elsewhere' ? [] : [mountedOf(one)])),
      elsewhere: others.flatMap((one) => (one.kind === 'elsewhere' ? [one.reason] : [])),
      variables: [...variablesOf(conf)],
      ...(hasRelativePath(conf)
        ? { relativePaths: `relative paths in "${path}" begin at "${directory}", ${why}` }
        : {}),
    },
  };
}

/** What tells where storages are: of the rest, passwords among it, nothing is looked at. */
const TELLING = ['instancehome', 'path', 'blob-dir', 'mount-point'];

function variablesOf({ includeVariables, ...conf }: ConfFile): ReadonlySet<string> {
  const found = new Set(includeVariables);
  const collect = ({ values, sections }: ConfSection): void => {
    for (const { key, value } of values) {
      if (value.kind === 'wrong' || !TELLING.includes(key.replaceAll('_', '-'))) continue;
      for (const one of value.variables) found.add(one);
    }
    for (const section of sections) collect(section);
  };
  collect(conf);
  return found;
}

function mountedOf({
  name,
  dataFs,
  blobs,
  from,
}: Extract<ConfStorage, { kind: 'filestorage' }>): MountedStorage {
  return { name: name ?? basename(dataFs).replace(/\.fs$/, ''), dataFs, blobs, from };
}

/**
 * Where relative paths begin. For Zope and ZEO, that is where they are started, which no file says: most are
 * started in the instance's folder, above `etc`, or `instancehome` tells it.
 */
function directoryOf(
  path: string,
  conf: ConfSection,
): { readonly directory: string; readonly why: string } {
  const folder = dirname(resolve(path));
  const [above, why] =
    basename(folder) === 'etc'
      ? [dirname(folder), 'the folder above etc']
      : [folder, 'the folder of the file'];
  const home = confText(conf, 'instancehome');
  if (home === undefined) return { directory: above, why };
  return { directory: resolve(above, home), why: 'its instancehome' };
}

/** Of what says where storages are: logs have paths, too. */
function hasRelativePath(section: ConfSection): boolean {
  const paths = [
    confText(section, 'blob-dir'),
    section.type === 'filestorage' ? confText(section, 'path') : undefined,
  ];
  const isRelative = paths.some((path) => path !== undefined && !isAbsolute(path));
  return isRelative || section.sections.some(hasRelativePath);
}

function storageOf(section: ConfSection, directory: string): ConfStorage | undefined {
  const isDatabase = section.type === 'zodb-db' || section.type === 'zodb_db';
  const candidates = isDatabase ? section.sections : [section];
  const found = candidates.flatMap((one) => keptBy(one, { blobs: undefined, directory }) ?? []);
  const [kept] = found;
  if (kept === undefined) return undefined;
  const mounts = section.values
    .filter(({ key }) => key === 'mount-point')
    .flatMap(({ value }) => (value.kind === 'text' ? value.text.split(/\s+/) : []))
    .map((mount) => mount.split(':')[0] ?? mount);
  const byDefault = section.name === 'main' ? ['/'] : [];
  return {
    ...kept,
    name: section.name ?? candidates[0]?.name,
    mountPoints: isDatabase && mounts.length === 0 ? byDefault : mounts,
  };
}

type Kept =
  | Omit<Extract<ConfStorage, { kind: 'filestorage' }>, 'name' | 'mountPoints'>
  | ElsewhereStorage;

/** What a storage keeps, wrapped in others (`<blobstorage>`, `<zlibstorage>`) or not. */
function keptBy(
  section: ConfSection,
  { blobs, directory }: { readonly blobs: string | undefined; readonly directory: string },
): Kept | undefined {
  const from = formatOrigin(section.origin);
  if (PASSING.includes(section.type)) return undefined;
  if (section.type === 'zeoclient') return elsewhereOfClient(section, directory);
  const foreign = FOREIGN[section.type];
  if (foreign !== undefined) {
    return {
      kind: 'elsewhere',
      reason: `${from}: its data is in ${foreign}; what is on this disk is at most a cache`,
      hint: 'Use that database’s own backup; zodbvault backs up the Data.fs and its blobs.',
    };
  }
  const own = confText(section, 'blob-dir');
  const folder = own === undefined ? blobs : resolve(directory, own);
  if (section.type === 'filestorage') {
    const path = confText(section, 'path');
    if (path === undefined || path === '') {
      throw new Failure('usage', `Cannot use ${from}: <filestorage> has no path`, {
        hint: 'Correct the file, or name the places on the command line: --datafs and --location.',
      });
    }
    return { kind: 'filestorage', dataFs: resolve(directory, path), blobs: folder, from };
  }
  for (const inner of section.sections) {
    const kept = keptBy(inner, { blobs: folder, directory });
    if (kept !== undefined) return kept;
  }
  return undefined;
}

function elsewhereOfClient(section: ConfSection, directory: string): ElsewhereStorage {
  const from = formatOrigin(section.origin);
  const written = confValue(section, 'server')?.value;
  const server = written?.kind === 'text' ? `the ZEO server "${written.text}"` : 'a ZEO server';
  const folder = confValue(section, 'blob-dir')?.value;
  const more =
    folder?.kind === 'text'
      ? `; "${resolve(directory, folder.text)}" is ${natureOfBlobDir(section)}`
      : '';
  return {
    kind: 'elsewhere',
    reason: `${from}: it is a client of ${server}, which has the Data.fs${more}`,
    hint: 'Run this on the ZEO server, with its zeo.conf.',
  };
}

/** Its server's environment may be needed to tell. */
function natureOfBlobDir(section: ConfSection): string {
  const shared = confValue(section, 'shared-blob-dir')?.value;
  if (shared?.kind === 'wrong') return "only a cache, unless it is the server's blob directory";
  const isShared = ['on', 'true', 'yes'].includes(shared?.text.toLowerCase() ?? '');
  return isShared ? "the server's blob directory" : 'only a cache';
}

function mainOf(storages: readonly ConfStorage[], path: string): ConfStorage {
  const [first, ...more] = storages;
  if (first === undefined) {
    throw new Failure('not-found', `Cannot find a storage in "${path}"`, {
      hint: 'It has no <filestorage>. Name the file of the ZEO server or of the instance that has one.',
    });
  }
  const main =
    storages.find(({ mountPoints }) => mountPoints.includes('/')) ??
    storages.find(({ name }) => name === 'main' || name === '1') ??
    (more.length === 0 ? first : undefined);
  if (main !== undefined) return main;
  const names = storages.map(({ name }) => name ?? '(no name)').join(', ');
  throw new Failure(
    'usage',
    `Cannot tell the main storage of "${path}" from the others: ${names}`,
    {
      hint: 'Name the places in a zodbvault.toml: datafs, blob_storage, additional_filestorages.',
    },
  );
}
