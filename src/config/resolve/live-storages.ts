import { dirname, join } from 'node:path';
import { formatOrigin } from '../model/origin.ts';
import type { ServedElsewhere, Site } from '../model/site.ts';
import type { Problems } from './problems.ts';
import { type Resolution, writtenPath } from './resolution.ts';
import { isStorageName, MAIN_NAMES, parseStorageLines } from './storage-lines.ts';

/** A storage that has no folders for its backups yet. */
export interface BareStorage {
  readonly name: string;
  readonly dataFs: string;
  readonly blobs: string | undefined;
}

/** The main Data.fs. */
export function resolveDataFs(resolution: Resolution): string {
  const { options, is23, live, variable } = resolution;
  const written = writtenPath('datafs', resolution);
  if (written !== undefined) return written;
  const found = (is23 ? undefined : live.dataFs) ?? {
    path: join(variable.path, 'filestorage', 'Data.fs'),
    from: variable.from,
  };
  options.resolve('datafs', found.path, found.from);
  return found.path;
}

/** What there is to be said against a Data.fs that nobody named. */
export function servedElsewhere({ options, live }: Resolution): ServedElsewhere | undefined {
  const isNamed = (options.written('datafs')?.text.trim() ?? '') !== '';
  return isNamed ? undefined : live.servedElsewhere;
}

/** The main blob directory; undefined where nobody knows one. */
export function resolveMainBlobs(resolution: Resolution): string | undefined {
  const { options, problems, is23, live, variable } = resolution;
  const spellings = (['blob_storage', 'blob-storage'] as const).flatMap((name) => {
    const path = writtenPath(name, resolution);
    return path === undefined ? [] : [path];
  });
  const [first, second] = spellings;
  if (second !== undefined && second !== first) {
    problems.add(
      'Both blob_storage and blob-storage have been set. Please pick one.',
      options.written('blob-storage')?.origin,
    );
  }
  if (first !== undefined) return first;
  const byDefault =
    !is23 && live.hasServerPart
      ? { path: join(variable.path, 'blobstorage'), from: variable.from }
      : undefined;
  const cache = live.blobCaches.find(({ path }) => path === byDefault?.path);
  const found = live.blobs ?? (cache === undefined ? byDefault : undefined);
  options.resolve('blob_storage', found?.path ?? '', found === undefined ? 'default' : found.from);
  return found?.path;
}

/** The release 2.3 took an empty option for none, and decided by what it found. */
export function resolveWantsBlobs(resolution: Resolution, mainBlobs: string | undefined): boolean {
  const { options, is23, flag, defaults } = resolution;
  const isAsFound = is23 || defaults.blobs === 'as-found';
  const byDefault = isAsFound ? mainBlobs !== undefined : true;
  const isEmpty = options.written('backup_blobs')?.text.trim() === '';
  if (!is23 || !isEmpty) return flag('backup_blobs', byDefault);
  options.resolve('backup_blobs', String(byDefault), 'default');
  return byDefault;
}

/** The storages of `additional_filestorages`, then those of collective.recipe.filestorage parts. */
export function resolveAdditional(
  resolution: Resolution,
  {
    main,
    contents,
  }: { readonly main: { readonly dataFs: string }; readonly contents: Site['contents'] },
): readonly BareStorage[] {
  const { options, problems, live, base, expand } = resolution;
  const wantsBlobs = contents !== 'filestorages';
  const value = options.written('additional_filestorages');
  const written = parseStorageLines(value, problems).map(({ name, dataFs, blobs }) => ({
    name,
    dataFs: dataFs === undefined ? join(dirname(main.dataFs), `${name}.fs`) : expand(dataFs, base),
    blobs: wantsBlobs && blobs !== undefined ? expand(blobs, base) : undefined,
  }));
  const mounted = live.mounted
    .filter(({ dataFs, name }) => {
      const isListed = [main, ...written].some((one) => one.dataFs === dataFs);
      return !isListed && !written.some((one) => one.name === name);
    })
    .map(({ name, dataFs, blobs }) => ({
      name,
      dataFs,
      blobs: wantsBlobs ? blobs : undefined,
    }));
  refuseMountedNames(mounted, problems);
  for (const { name: storage, dataFs, from } of live.unlisted ?? []) {
    if ([main, ...written, ...mounted].some((one) => one.dataFs === dataFs)) continue;
    resolution.warnings.push({ kind: 'advice', code: 'unlisted-storage', storage, from, dataFs });
  }
  const from = [
    ...(value === undefined ? [] : [formatOrigin(value.origin)]),
    ...new Set(live.mounted.map(({ from }) => from)),
  ];
  const all = [...written, ...mounted];
  options.resolve(
    'additional_filestorages',
    all.map(({ name, dataFs, blobs }) => [name, dataFs, blobs ?? ''].join(' ').trim()).join('\n'),
    from.join(', ') || 'default',
  );
  return all;
}

/** A storage's name tells its backup folders from those of the others. */
function refuseMountedNames(mounted: readonly BareStorage[], problems: Problems): void {
  for (const [index, { name, dataFs }] of mounted.entries()) {
    if (MAIN_NAMES.includes(name)) {
      problems.add(`the storage "${name}" ("${dataFs}") has the name of the main storage`);
    } else if (!isStorageName(name)) {
      problems.add(`the storage "${name}" ("${dataFs}") has a name that leads elsewhere`);
    } else if (mounted.findIndex((one) => one.name === name) < index) {
      problems.add(`two storages have the name "${name}"; one of them is "${dataFs}"`);
    }
  }
}
