import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { Failure } from '../../system/failure.ts';
import { type LiveOutcome, type MountedStorage, variableOf } from '../model/live-data.ts';
import type { SettingsAdvice } from '../model/settings-advice.ts';
import { type ConfFile, type ConfSection, confText, readConfFile } from './conf-file.ts';
import { type Kept, type KeptHere, keptBy } from './kept-data.ts';

/** A storage of a conf. */
type ConfStorage = Kept & {
  readonly name: string | undefined;
  readonly mountPoints: readonly string[];
};

/**
 * The storages of a `zope.conf` (`<zodb_db main>`) or a `zeo.conf` (`<filestorage 1>`). The main one is
 * that mounted at `/`, or the storage `1`, or the only one; the others are additional storages by
 * their names. What a ZEO client or RelStorage has on this disk is a cache: its data is elsewhere. Of a DemoStorage,
 * the changes are here; its base has to be backed up by itself.
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
  const changes = storages.flatMap((one) =>
    one.kind === 'filestorage' && one.base !== undefined ? [one.dataFs] : [],
  );
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
      elsewhere: [main, ...others].flatMap(restElsewhere),
      ...(changes.length === 0 ? {} : { changes }),
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

/** What isn't backed up with the storages that are here. */
function restElsewhere(one: Kept): readonly SettingsAdvice[] {
  if (one.kind === 'elsewhere') {
    const { where, reason } = one;
    return [{ kind: 'advice', code: 'storage-elsewhere', where, reason }];
  }
  const { dataFs, from, base } = one;
  if (base === undefined) return [];
  return [{ kind: 'advice', code: 'demo-base-not-backed-up', from, dataFs, base }];
}

function mountedOf({
  name,
  dataFs,
  blobs,
  from,
}: KeptHere & Pick<ConfStorage, 'name'>): MountedStorage {
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
