import { dirname, join, sep } from 'node:path';
import { Failure } from '../../system/failure.ts';
import type { Buildout } from '../buildout/buildout.ts';
import { type CfgValue, formatOrigin, type Origin } from '../buildout/cfg-value.ts';
import type { BlobCopier, BlobFormat, Site, SiteStorage } from '../site.ts';
import { isLocation, type LocationOption, unknownOptions } from './option-table.ts';
import { expandPath, type PathSurroundings } from './paths.ts';
import {
  binFolder,
  type Found,
  type LiveData,
  partNames,
  readLiveData,
  recipeOf,
} from './plone-parts.ts';
import { Problems } from './problems.ts';
import { defaultFolderNames, type ScriptName } from './script-names.ts';
import {
  isStorageName,
  MAIN_NAMES,
  parseAlternativeLines,
  parseStorageLines,
} from './storage-lines.ts';
import { splitWords } from './words.ts';
import { type SettledOption, WrittenOptions } from './written-options.ts';

/** A part with `recipe = collective.recipe.backup`, settled. */
export interface RecipePart {
  readonly site: Site;
  /** The folder for its scripts. */
  readonly bin: string;
  /** Scripts that it wants, in the recipe's order. */
  readonly scripts: readonly ScriptName[];
  /** Whether the recipe of that time made the folders when buildout ran, or only tried. */
  readonly foldersAtInstall: 'make' | 'try';
  readonly settled: readonly SettledOption[];
  readonly warnings: readonly string[];
}

const RECIPE = 'collective.recipe.backup';

/** The parts that the recipe makes. */
export interface RecipePartNames {
  /** Also those that `[buildout] parts` doesn't list. */
  readonly names: readonly string[];
  /** Sections of which nobody can tell whether they are one: they refer to what isn't there. */
  readonly unclear: readonly string[];
}

/**
 * Finds the parts that the recipe makes. Failure `usage` for a section of `[buildout] parts` whose
 * recipe can't be resolved; any other such section is none of our business.
 */
export function findRecipeParts(buildout: Buildout): RecipePartNames {
  const listed = partNames(buildout);
  const names: string[] = [];
  const unclear: string[] = [];
  for (const name of buildout.sectionNames) {
    try {
      if (recipeOf(buildout, name) === RECIPE) names.push(name);
    } catch (error) {
      const isListed = listed.includes(name);
      if (isListed || !(error instanceof Failure) || error.code !== 'usage') throw error;
      unclear.push(name);
    }
  }
  return { names, unclear };
}

/**
 * Settles a part: the one bridge between what was written and what is used. Failure `usage` with
 * everything that is wrong, each with file and line.
 */
export function readRecipePart(
  buildout: Buildout,
  {
    part,
    surroundings,
    nearest,
  }: {
    readonly part: string;
    readonly surroundings: PathSurroundings;
    /** The known name that is most like another. */
    readonly nearest: (name: string, known: readonly string[]) => string;
  },
): RecipePart {
  const problems = new Problems(part);
  const options = new WrittenOptions({ buildout, part, problems });
  const live = problems.collect(() => readLiveData(buildout, surroundings));
  problems.throwIfAny();
  if (live === undefined) throw new RangeError('a problem was lost');
  const warnings = [
    ...unknownOptions(options.names, nearest).map(
      (one) => `[${part}] ${one.name}: unknown option, ignored; did you mean "${one.nearest}"?`,
    ),
    ...live.elsewhere.map((one) => `[${one.part}]: ${one.reason}`),
  ];
  const settling = new Settling({ part, live, options, problems, surroundings, warnings });
  const result = settling.settle(buildout.path);
  problems.throwIfAny();
  return { ...result, bin: binFolder(buildout), settled: options.settled, warnings };
}

/** What the steps of settling a part share. */
class Settling {
  readonly #part: string;
  readonly #live: LiveData;
  readonly #options: WrittenOptions;
  readonly #problems: Problems;
  readonly #surroundings: PathSurroundings;
  readonly #warnings: string[];
  readonly #is23: boolean;
  readonly #base: string;
  readonly #variable: Found;

  constructor(words: {
    readonly part: string;
    readonly live: LiveData;
    readonly options: WrittenOptions;
    readonly problems: Problems;
    readonly surroundings: PathSurroundings;
    readonly warnings: string[];
  }) {
    this.#part = words.part;
    this.#live = words.live;
    this.#options = words.options;
    this.#problems = words.problems;
    this.#surroundings = words.surroundings;
    this.#warnings = words.warnings;
    this.#is23 = this.#rules() === '2.3';
    this.#base = this.#path('buildout_dir', this.#live.directory) ?? this.#live.directory;
    this.#variable =
      (this.#is23 ? undefined : this.#live.variable) ??
      ({ path: join(this.#base, 'var'), part: 'default' } as const);
  }

  settle(buildout: string): Omit<RecipePart, 'bin' | 'settled' | 'warnings'> {
    const flag = (name: Parameters<WrittenOptions['flag']>[0], byDefault: boolean) =>
      this.#options.flag(name, { byDefault, is23: this.#is23 });
    const dataFs = this.#dataFs();
    const onlyBlobs = flag('only_blobs', false);
    const mainBlobs = this.#mainBlobs();
    const wantsBlobs = this.#wantsBlobs(flag, mainBlobs);
    const wantsZip = flag('enable_zipbackup', false);
    this.#refuseContradictions({ onlyBlobs, wantsBlobs, wantsZip, mainBlobs });
    const contents = onlyBlobs ? 'blobs' : wantsBlobs ? 'both' : 'filestorages';
    const main = { name: 'Data', dataFs, blobs: wantsBlobs ? mainBlobs : undefined };
    const storages = this.#withFolders([...this.#additional(main, wantsBlobs), main]);
    const scripts: readonly (ScriptName | false)[] = [
      'backup',
      flag('enable_fullbackup', false) && 'fullbackup',
      wantsZip && 'zipbackup',
      'snapshotbackup',
      'restore',
      wantsZip && 'ziprestore',
      flag('enable_snapshotrestore', true) && 'snapshotrestore',
      storages.some(({ folders }) => folders.alternative !== undefined) && 'altrestore',
    ];
    return {
      foldersAtInstall: this.#is23 ? 'make' : 'try',
      scripts: scripts.filter((name) => name !== false),
      site: {
        part: this.#part,
        buildout,
        rules: this.#is23 ? '2.3' : '6.0',
        storages: [...storages],
        contents,
        full: flag('full', false) ? 'always' : 'when-needed',
        comparison: flag('quick', true) ? 'quick' : 'thorough',
        gzip: flag('gzip', true),
        blobFormat: this.#blobFormat(flag),
        blobCopier: this.#blobCopier(flag),
        keep: this.#options.count('keep', 2),
        keepBlobDays: this.#options.count('keep_blob_days', 14),
        preCommand: this.#options.text('pre_command'),
        postCommand: this.#options.text('post_command'),
        isDebug: flag('debug', false),
      },
    };
  }

  #rules(): '2.3' | '6.0' {
    const value = this.#options.written('compatible');
    const text = this.#options.text('compatible');
    if (text === '2.3') return '2.3';
    if (!['', '6', '6.0'].includes(text)) {
      this.#problems.add(`compatible = ${text}: it can be 2.3 or 6.0 (the default)`, value?.origin);
    }
    return '6.0';
  }

  /** A path option; undefined where it isn't there or is empty. */
  #path(
    name: 'buildout_dir' | 'locationprefix' | 'datafs' | 'blob_storage' | 'blob-storage',
    base: string,
  ): string | undefined {
    const value = this.#options.written(name);
    if (value === undefined || value.text.trim() === '') return undefined;
    const path = this.#expand(value.text.trim(), base);
    this.#options.settle(name, path, formatOrigin(value.origin));
    return path;
  }

  #expand(text: string, base: string): string {
    return expandPath(text, { base, surroundings: this.#surroundings });
  }

  #dataFs(): string {
    const written = this.#path('datafs', this.#base);
    if (written !== undefined) return written;
    const found = (this.#is23 ? undefined : this.#live.dataFs) ?? {
      path: join(this.#variable.path, 'filestorage', 'Data.fs'),
      part: this.#variable.part,
    };
    this.#options.settle('datafs', found.path, sayPart(found.part));
    return found.path;
  }

  #mainBlobs(): string | undefined {
    const spellings = (['blob_storage', 'blob-storage'] as const).flatMap((name) => {
      const path = this.#path(name, this.#base);
      return path === undefined ? [] : [path];
    });
    const [first, second] = spellings;
    if (second !== undefined && second !== first) {
      this.#problems.add(
        'Both blob_storage and blob-storage have been set. Please pick one.',
        this.#options.written('blob-storage')?.origin,
      );
    }
    if (first !== undefined) return first;
    const byDefault =
      !this.#is23 && this.#live.hasServerPart
        ? { path: join(this.#variable.path, 'blobstorage'), part: this.#variable.part }
        : undefined;
    const cache = this.#live.blobCaches.find(({ path }) => path === byDefault?.path);
    const found = this.#live.blobs ?? (cache === undefined ? byDefault : undefined);
    this.#options.settle(
      'blob_storage',
      found?.path ?? '',
      found === undefined ? 'default' : sayPart(found.part),
    );
    return found?.path;
  }

  #refuseContradictions(said: {
    readonly onlyBlobs: boolean;
    readonly wantsBlobs: boolean;
    readonly wantsZip: boolean;
    readonly mainBlobs: string | undefined;
  }): void {
    const origin = this.#options.written('backup_blobs')?.origin;
    if (said.onlyBlobs && !said.wantsBlobs) {
      this.#problems.add('Cannot have backup_blobs false and only_blobs true.', origin);
    }
    if (said.wantsZip && !said.wantsBlobs) {
      this.#problems.add(
        'Cannot have backup_blobs false and enable_zipbackup true. zipbackup is useless without blobs.',
        this.#options.written('enable_zipbackup')?.origin,
      );
    }
    if (said.wantsBlobs && said.mainBlobs === undefined) {
      this.#problems.add(
        this.#is23
          ? 'backup_blobs is true, but no blob_storage could be found.'
          : `No blob_storage found. You must specify one. To ignore this, set 'backup_blobs = false' in the [${this.#part}] section.`,
        origin,
      );
      for (const { path, part, origin: written } of this.#live.blobCaches) {
        this.#problems.add(
          `"${path}" is only a cache: [${part}] is a ZEO client without "shared-blob = on"`,
          written,
        );
      }
    }
  }

  /** The release 2.3 took an empty option for none, and decided by what it found. */
  #wantsBlobs(flag: Flag, mainBlobs: string | undefined): boolean {
    const byDefault = this.#is23 ? mainBlobs !== undefined : true;
    const isEmpty = this.#options.written('backup_blobs')?.text.trim() === '';
    if (!this.#is23 || !isEmpty) return flag('backup_blobs', byDefault);
    this.#options.settle('backup_blobs', String(byDefault), 'default');
    return byDefault;
  }

  /** The storages of `additional_filestorages`, then those of collective.recipe.filestorage parts. */
  #additional(main: { readonly dataFs: string }, wantsBlobs: boolean): readonly BareStorage[] {
    const value = this.#options.written('additional_filestorages');
    const written = parseStorageLines(value, this.#problems).map(({ name, dataFs, blobs }) => ({
      name,
      dataFs:
        dataFs === undefined
          ? join(dirname(main.dataFs), `${name}.fs`)
          : this.#expand(dataFs, this.#base),
      blobs: wantsBlobs && blobs !== undefined ? this.#expand(blobs, this.#base) : undefined,
    }));
    const mounted = this.#live.mounted
      .filter(({ dataFs, name }) => {
        const isListed = [main, ...written].some((one) => one.dataFs === dataFs);
        return !isListed && !written.some((one) => one.name === name);
      })
      .map(({ name, dataFs, blobs }) => ({
        name,
        dataFs,
        blobs: wantsBlobs ? blobs : undefined,
      }));
    this.#refuseMountedNames(mounted);
    const from = [
      ...(value === undefined ? [] : [formatOrigin(value.origin)]),
      ...new Set(this.#live.mounted.map(({ part }) => sayPart(part))),
    ];
    const all = [...written, ...mounted];
    this.#options.settle(
      'additional_filestorages',
      all.map(({ name, dataFs, blobs }) => [name, dataFs, blobs ?? ''].join(' ').trim()).join('\n'),
      from.join(', ') || 'default',
    );
    return all;
  }

  /** A storage's name tells its backup folders from those of the others. */
  #refuseMountedNames(mounted: readonly BareStorage[]): void {
    for (const [index, { name, dataFs }] of mounted.entries()) {
      if (MAIN_NAMES.includes(name)) {
        this.#problems.add(`the storage "${name}" ("${dataFs}") has the name of the main storage`);
      } else if (!isStorageName(name)) {
        this.#problems.add(`the storage "${name}" ("${dataFs}") has a name that leads elsewhere`);
      } else if (mounted.findIndex((one) => one.name === name) < index) {
        this.#problems.add(`two storages have the name "${name}"; one of them is "${dataFs}"`);
      }
    }
  }

  /** Gives each storage its folders, and refuses those that would get in each other's way. */
  #withFolders(storages: readonly BareStorage[]): readonly SiteStorage[] {
    const locations = this.#locations();
    const alternatives = this.#alternatives(storages);
    const placed = storages.map(({ name, dataFs, blobs }): SiteStorage => {
      const suffix = name === 'Data' ? '' : `_${name}`;
      const folders = (filestorage: LocationOption, blobFolder: LocationOption) => ({
        filestorage: locations[filestorage] + suffix,
        ...(blobs === undefined ? {} : { blobs: locations[blobFolder] + suffix }),
      });
      const alternative = alternatives.find((one) => one.name === name);
      return {
        name,
        dataFs,
        ...(blobs === undefined ? {} : { blobs }),
        folders: {
          backup: folders('location', 'blobbackuplocation'),
          snapshot: folders('snapshotlocation', 'blobsnapshotlocation'),
          zip: folders('ziplocation', 'blobziplocation'),
          ...(alternative === undefined
            ? {}
            : {
                alternative: {
                  filestorage: this.#expand(alternative.filestorage, this.#base),
                  ...(alternative.blobs === undefined
                    ? {}
                    : { blobs: this.#expand(alternative.blobs, this.#base) }),
                },
              }),
        },
      };
    });
    this.#refuseSharedFolders(placed, locations);
    return placed;
  }

  #locations(): Readonly<Record<LocationOption, string>> {
    const written = this.#options.written('locationprefix');
    const prefix =
      written === undefined ? undefined : this.#expand(written.text.trim(), this.#base);
    if (written !== undefined && prefix !== undefined) {
      this.#options.settle('locationprefix', prefix, formatOrigin(written.origin));
    }
    const beginning = prefix ?? this.#variable.path;
    const base = this.#is23 ? this.#base : beginning;
    const place = (name: LocationOption): string => {
      const value = this.#options.written(name);
      const text = value?.text.trim();
      if (value !== undefined && text === '') {
        this.#problems.add(`${name} is empty: that would be "${base}" itself`, value.origin);
      }
      if (value === undefined || text === undefined || text === '') {
        const path = join(beginning, defaultFolderNames(this.#part)[name]);
        this.#options.settle(name, path, 'default');
        return path;
      }
      const path = this.#expand(text, base);
      this.#options.settle(name, path, formatOrigin(value.origin));
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

  #refuseSharedFolders(
    storages: readonly SiteStorage[],
    locations: Readonly<Record<LocationOption, string>>,
  ): void {
    const entries = Object.entries(locations).sort(([a], [b]) => (a < b ? -1 : 1));
    const equal = entries.filter(
      ([, path]) => entries.filter(([, one]) => one === path).length > 1,
    );
    const originOf = (name: string) =>
      isLocation(name) ? this.#options.written(name)?.origin : undefined;
    const additional = this.#options.written('additional_filestorages')?.origin;
    if (equal.length > 0) {
      const lines = equal.map(([name, path]) => `${name} = ${path}`).join('\n');
      const blamed = equal.map(([name]) => originOf(name)).find((origin) => origin !== undefined);
      this.#problems.add(`These must be distinct locations:\n${lines}`, blamed);
    }
    const taken = new Map<string, string>();
    for (const { name, dataFs, blobs, folders } of storages) {
      for (const path of [dataFs, blobs].filter((one) => one !== undefined)) {
        const other = taken.get(path);
        if (other !== undefined) {
          this.#problems.add(
            `"${path}" is used by the storage "${name}" and by "${other}"`,
            additional,
          );
        }
        taken.set(path, name);
      }
      const own = [folders.backup, folders.snapshot, folders.zip];
      for (const path of own.flatMap((one) => [one.filestorage, one.blobs ?? []].flat())) {
        for (const live of storages) {
          if (live.blobs === undefined || !isWithin(path, live.blobs)) continue;
          const [option] = entries.find(([, location]) => path.startsWith(location)) ?? [''];
          this.#problems.add(
            `the backup folder "${path}" is inside the blob directory "${live.blobs}"`,
            originOf(option),
          );
        }
      }
    }
    this.#refuseSharedSuffixes(storages, { locations, origin: additional });
  }

  /** `backups_x` may be another storage's folder already, or another location. */
  #refuseSharedSuffixes(
    storages: readonly SiteStorage[],
    {
      locations,
      origin,
    }: {
      readonly locations: Readonly<Record<LocationOption, string>>;
      readonly origin: Origin | undefined;
    },
  ): void {
    const owners = new Map(Object.entries(locations).map(([name, path]) => [path, name]));
    for (const { name, folders } of storages) {
      if (name === 'Data') continue;
      for (const kind of [folders.backup, folders.snapshot, folders.zip]) {
        for (const path of [kind.filestorage, kind.blobs ?? []].flat()) {
          const owner = owners.get(path);
          if (owner !== undefined) {
            this.#problems.add(
              `the storage "${name}" would have backups in "${path}", which belongs to ${owner}`,
              origin,
            );
          }
          owners.set(path, `the storage "${name}"`);
        }
      }
    }
  }

  #alternatives(storages: readonly BareStorage[]) {
    const [value, option] = this.#alternativeOption();
    const lines = parseAlternativeLines(value, {
      option,
      problems: this.#problems,
      storages: storages.map(({ name, blobs }) => ({ name, hasBlobs: blobs !== undefined })),
    });
    this.#options.settle(
      'alternative_restore_source',
      lines
        .map(({ name, filestorage, blobs }) => [name, filestorage, blobs ?? ''].join(' ').trim())
        .join('\n'),
      value === undefined ? 'default' : formatOrigin(value.origin),
    );
    return lines;
  }

  #alternativeOption(): readonly [CfgValue | undefined, string] {
    const current = this.#options.written('alternative_restore_source');
    if (current !== undefined && current.text.trim() !== '') {
      return [current, 'alternative_restore_source'];
    }
    return [this.#options.written('alternative_restore_sources'), 'alternative_restore_sources'];
  }

  #blobFormat(flag: Flag): BlobFormat {
    const isGzipArchive = flag('gzip_blob', false);
    const isArchive = flag('archive_blob', isGzipArchive);
    const isCompressed = flag('compress_blob', false);
    const isIncremental = flag('incremental_blobs', false);
    const written = this.#options.written('blob_timestamps');
    const hasStamps = flag('blob_timestamps', isIncremental || !this.#is23);
    if (isIncremental && !hasStamps) {
      this.#problems.add(
        'Cannot have blob_timestamps false and incremental_blobs true.',
        written?.origin,
      );
    }
    if (written !== undefined && !hasStamps && !this.#is23) {
      this.#warnings.push(
        `[${this.#part}] blob_timestamps = false is deprecated: numbered blob backups are harder to match with a Data.fs`,
      );
    }
    const naming = hasStamps ? 'stamps' : 'numbers';
    const compression = isCompressed ? 'gzip' : 'none';
    if (!isArchive) return { kind: 'directories', naming };
    if (isIncremental) return { kind: 'incremental-archives', compression };
    return { kind: 'archives', naming, compression };
  }

  #blobCopier(flag: Flag): BlobCopier {
    const value = this.#options.written('rsync_options');
    const words = splitWords(this.#options.text('rsync_options'));
    if (words === undefined) {
      this.#problems.add('rsync_options: a quote is not closed', value?.origin);
    }
    return {
      kind: flag('use_rsync', true) ? 'rsync' : 'own',
      rsyncOptions: [...(words ?? [])],
      firstCopy: flag('rsync_hard_links_on_first_copy', false) ? 'link' : 'copy',
    };
  }
}

type Flag = (name: Parameters<WrittenOptions['flag']>[0], byDefault: boolean) => boolean;

interface BareStorage {
  readonly name: string;
  readonly dataFs: string;
  readonly blobs: string | undefined;
}

function sayPart(part: string): string {
  return part === 'default' ? 'default' : `the part [${part}]`;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}
