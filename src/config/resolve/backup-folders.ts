import { dirname, join } from 'node:path';
import type { CfgValue } from '../model/cfg-value.ts';
import { formatOrigin, type Origin } from '../model/origin.ts';
import type { SettingsAdvice } from '../model/settings-advice.ts';
import type { SiteStorage } from '../model/site.ts';
import type { BareStorage } from './live-storages.ts';
import type { WrittenOptions } from './option-reader.ts';
import { isLocation, type LocationOption } from './option-table.ts';
import type { Problems } from './problems.ts';
import type { Resolution } from './resolution.ts';
import { defaultFolderNames } from './script-names.ts';
import { parseAlternativeLines } from './storage-lines.ts';

/** Gives each storage its folders, and refuses those that would get in each other's way. */
export function resolveFolders(
  resolution: Resolution,
  storages: readonly BareStorage[],
): readonly SiteStorage[] {
  const { expand, base } = resolution;
  const locations = resolveLocations(resolution);
  const alternatives = resolveAlternatives(resolution, storages);
  const { changes = [] } = resolution.live;
  const placed = storages.map(({ name, dataFs, blobs }): SiteStorage => {
    const suffix = name === 'Data' ? '' : `_${name}`;
    const folders = (filestorage: LocationOption, blobFolder: LocationOption) => ({
      filestorage: locations[filestorage] + suffix,
      blobs: blobs === undefined ? undefined : locations[blobFolder] + suffix,
    });
    const alternative = alternatives.find((one) => one.name === name);
    return {
      name,
      dataFs,
      blobs,
      ...(changes.includes(dataFs) ? { isChanges: true } : {}),
      folders: {
        backup: folders('location', 'blobbackuplocation'),
        snapshot: folders('snapshotlocation', 'blobsnapshotlocation'),
        zip: folders('ziplocation', 'blobziplocation'),
        ...(alternative === undefined
          ? {}
          : {
              alternative: {
                filestorage: expand(alternative.filestorage, base),
                ...(alternative.blobs === undefined
                  ? {}
                  : { blobs: expand(alternative.blobs, base) }),
              },
            }),
      },
    };
  });
  refuseSharedFolders(placed, { locations, resolution });
  if (resolution.live.isAssumed !== true) {
    resolution.warnings.push(...amongLiveFiles(placed, { locations, part: resolution.part }));
  }
  return placed;
}

/** Folders that hold the live data, too: whoever tidies up the one may take the other away. */
function amongLiveFiles(
  storages: readonly SiteStorage[],
  { locations, part }: { readonly locations: Locations; readonly part: string },
): readonly SettingsAdvice[] {
  const liveBelow = livePathsByFolder(storages);
  const folders = new Set(storages.flatMap((storage) => foldersOf(storage.folders)));
  return [...folders].flatMap((folder) => {
    const live = liveBelow.get(folder);
    if (live === undefined) return [];
    const [option] = Object.entries(locations).find(([, one]) => one === folder) ?? [];
    return [{ kind: 'advice', code: 'backups-among-live-data', part, option, folder, live }];
  });
}

/** For each folder, the first live path that is in it: a part may have hundreds of storages. */
function livePathsByFolder(storages: readonly SiteStorage[]): ReadonlyMap<string, string> {
  const below = new Map<string, string>();
  for (const live of storages.flatMap(({ dataFs, blobs }) => [dataFs, blobs ?? []].flat())) {
    for (const path of withFoldersAround(live)) if (!below.has(path)) below.set(path, live);
  }
  return below;
}

/** A path and all folders that it is in. */
function withFoldersAround(path: string): readonly string[] {
  const around = dirname(path);
  return around === path ? [path] : [path, ...withFoldersAround(around)];
}

function foldersOf({ backup, snapshot, zip }: SiteStorage['folders']): readonly string[] {
  return [backup, snapshot, zip].flatMap(({ filestorage, blobs }) =>
    [filestorage, blobs ?? []].flat(),
  );
}

type Locations = Readonly<Record<LocationOption, string>>;

function resolveLocations(resolution: Resolution): Locations {
  const { part, options, problems, variable, is23, expand, defaults, live } = resolution;
  const written = options.written('locationprefix');
  const prefix = written === undefined ? undefined : expand(written.text.trim(), resolution.base);
  if (written !== undefined && prefix !== undefined) {
    options.resolve('locationprefix', prefix, formatOrigin(written.origin));
  }
  const beginning = prefix ?? variable.path;
  const isBesideVar = !is23 && (defaults.locations === 'var' || prefix !== undefined);
  const base = isBesideVar ? beginning : resolution.base;
  const place = (name: LocationOption): string => {
    const known = isMainFolder(name) ? live.backupFolders?.[name] : undefined;
    if (known !== undefined) {
      options.resolve(name, known.path, known.from);
      return known.path;
    }
    const value = options.written(name);
    const text = value?.text.trim();
    if (value !== undefined && text === '') {
      problems.add(`${name} is empty: that would be "${base}" itself`, value.origin);
    }
    if (value === undefined || text === undefined || text === '') {
      const path = join(beginning, defaultFolderNames(part)[name]);
      options.resolve(name, path, 'default');
      return path;
    }
    const path = expand(text, base);
    options.resolve(name, path, formatOrigin(value.origin));
    return path;
  };
  return {
    location: place('location'),
    snapshotlocation: place('snapshotlocation'),
    ziplocation: place('ziplocation'),
    blobbackuplocation: place('blobbackuplocation'),
    blobsnapshotlocation: place('blobsnapshotlocation'),
    blobziplocation: place('blobziplocation'),
  };
}

function isMainFolder(name: LocationOption) {
  return name === 'location' || name === 'blobbackuplocation';
}

function refuseSharedFolders(
  storages: readonly SiteStorage[],
  {
    locations,
    resolution: { options, problems, live },
  }: { readonly locations: Locations; readonly resolution: Resolution },
): void {
  const entries = Object.entries(locations).sort(([a], [b]) => (a < b ? -1 : 1));
  // Whoever names the folder of snapshots as that of the backups means what is in it.
  const meant = entries.filter(
    ([name]) =>
      live.backupFolders === undefined ||
      (isLocation(name) && (isMainFolder(name) || options.written(name) !== undefined)),
  );
  const equal = meant.filter(([, path]) => meant.filter(([, one]) => one === path).length > 1);
  const originOf = (name: string) => (isLocation(name) ? options.written(name)?.origin : undefined);
  const additional = options.written('additional_filestorages')?.origin;
  if (equal.length > 0) {
    const lines = equal.map(([name, path]) => `${name} = ${path}`).join('\n');
    const blamed = equal.map(([name]) => originOf(name)).find((origin) => origin !== undefined);
    problems.add(`These must be distinct locations:\n${lines}`, blamed);
  }
  const blobDirectories = new Set(storages.flatMap(({ blobs }) => blobs ?? []));
  const taken = new Map<string, string>();
  for (const { name, dataFs, blobs, folders } of storages) {
    for (const path of [dataFs, blobs].filter((one) => one !== undefined)) {
      const other = taken.get(path);
      if (other !== undefined) {
        problems.add(`"${path}" is used by the storage "${name}" and by "${other}"`, additional);
      }
      taken.set(path, name);
    }
    for (const path of foldersOf(folders)) {
      for (const around of withFoldersAround(path).filter((one) => blobDirectories.has(one))) {
        const [option] = entries.find(([, location]) => path.startsWith(location)) ?? [''];
        problems.add(
          `the backup folder "${path}" is inside the blob directory "${around}"`,
          originOf(option),
        );
      }
    }
  }
  refuseSharedSuffixes(storages, { locations, problems, origin: additional });
}

/** `backups_x` may be another storage's folder already, or another location. */
function refuseSharedSuffixes(
  storages: readonly SiteStorage[],
  {
    locations,
    problems,
    origin,
  }: {
    readonly locations: Locations;
    readonly problems: Problems;
    readonly origin: Origin | undefined;
  },
): void {
  const owners = new Map(Object.entries(locations).map(([name, path]) => [path, name]));
  for (const { name, folders } of storages) {
    if (name === 'Data') continue;
    for (const path of foldersOf(folders)) {
      const owner = owners.get(path);
      if (owner !== undefined) {
        problems.add(
          `the storage "${name}" would have backups in "${path}", which belongs to ${owner}`,
          origin,
        );
      }
      owners.set(path, `the storage "${name}"`);
    }
  }
}

function resolveAlternatives(resolution: Resolution, storages: readonly BareStorage[]) {
  const { options, problems } = resolution;
  const [value, option] = alternativeOption(options);
  const lines = parseAlternativeLines(value, {
    option,
    problems: problems,
    storages: storages.map(({ name, blobs }) => ({ name, hasBlobs: blobs !== undefined })),
  });
  options.resolve(
    'alternative_restore_source',
    lines
      .map(({ name, filestorage, blobs }) => [name, filestorage, blobs ?? ''].join(' ').trim())
      .join('\n'),
    value === undefined ? 'default' : formatOrigin(value.origin),
  );
  return lines;
}

function alternativeOption(options: WrittenOptions): readonly [CfgValue | undefined, string] {
  const current = options.written('alternative_restore_source');
  if (current !== undefined && current.text.trim() !== '') {
    return [current, 'alternative_restore_source'];
  }
  return [options.written('alternative_restore_sources'), 'alternative_restore_sources'];
}
