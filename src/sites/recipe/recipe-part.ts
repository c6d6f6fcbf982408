import { Failure } from '../../system/failure.ts';
import type { Buildout } from '../buildout/buildout.ts';
import type { Site } from '../site.ts';
import { settleFolders } from './backup-folders.ts';
import { settleBlobCopier, settleBlobFormat } from './blob-modes.ts';
import {
  settleAdditional,
  settleDataFs,
  settleMainBlobs,
  settleWantsBlobs,
} from './live-storages.ts';
import { unknownOptions } from './option-table.ts';
import type { PathSurroundings } from './paths.ts';
import { binFolder, partNames, readLiveData, recipeOf } from './plone-parts.ts';
import { Problems } from './problems.ts';
import type { ScriptName } from './script-names.ts';
import { beginSettling, type Settling } from './settling.ts';
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
  const settling = beginSettling({ part, live, options, problems, surroundings, warnings });
  const result = settle(settling, buildout.path);
  problems.throwIfAny();
  return { ...result, bin: binFolder(buildout), settled: options.settled, warnings };
}

function settle(
  settling: Settling,
  buildout: string,
): Omit<RecipePart, 'bin' | 'settled' | 'warnings'> {
  const { part, options, is23, flag } = settling;
  const dataFs = settleDataFs(settling);
  const onlyBlobs = flag('only_blobs', false);
  const mainBlobs = settleMainBlobs(settling);
  const wantsBlobs = settleWantsBlobs(settling, mainBlobs);
  const wantsZip = flag('enable_zipbackup', false);
  refuseContradictions(settling, { onlyBlobs, wantsBlobs, wantsZip, mainBlobs });
  const contents = onlyBlobs ? 'blobs' : wantsBlobs ? 'both' : 'filestorages';
  const main = { name: 'Data', dataFs, blobs: wantsBlobs ? mainBlobs : undefined };
  const storages = settleFolders(settling, [
    ...settleAdditional(settling, { main, contents }),
    main,
  ]);
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
    foldersAtInstall: is23 ? 'make' : 'try',
    scripts: scripts.filter((name) => name !== false),
    site: {
      part,
      buildout,
      rules: is23 ? '2.3' : '6.0',
      storages: [...storages],
      contents,
      full: flag('full', false) ? 'always' : 'when-needed',
      comparison: flag('quick', true) ? 'quick' : 'thorough',
      gzip: flag('gzip', true),
      verifyAfterBackup: settleVerification(settling),
      blobFormat: settleBlobFormat(settling),
      blobCopier: settleBlobCopier(settling),
      keep: options.count('keep', 2),
      keepBlobDays: options.count('keep_blob_days', 14),
      preCommand: options.text('pre_command'),
      postCommand: options.text('post_command'),
      isDebug: flag('debug', false),
    },
  };
}

function settleVerification({ options, problems }: Settling): Site['verifyAfterBackup'] {
  const text = options.text('verify_after_backup', { byDefault: 'quick' });
  if (text === 'off' || text === 'quick' || text === 'deep') return text;
  problems.add(
    `verify_after_backup = ${text}: it can be off, quick (the default) or deep`,
    options.written('verify_after_backup')?.origin,
  );
  return 'quick';
}

function refuseContradictions(
  { part, live, options, problems, is23 }: Settling,
  said: {
    readonly onlyBlobs: boolean;
    readonly wantsBlobs: boolean;
    readonly wantsZip: boolean;
    readonly mainBlobs: string | undefined;
  },
): void {
  const origin = options.written('backup_blobs')?.origin;
  if (said.onlyBlobs && !said.wantsBlobs) {
    problems.add('Cannot have backup_blobs false and only_blobs true.', origin);
  }
  if (said.wantsZip && !said.wantsBlobs) {
    problems.add(
      'Cannot have backup_blobs false and enable_zipbackup true. zipbackup is useless without blobs.',
      options.written('enable_zipbackup')?.origin,
    );
  }
  const isUnknown = !options.isUnreadable('blob_storage') && !options.isUnreadable('blob-storage');
  if (said.wantsBlobs && said.mainBlobs === undefined && isUnknown) {
    problems.add(
      is23
        ? 'backup_blobs is true, but no blob_storage could be found.'
        : `No blob_storage found. You must specify one. To ignore this, set 'backup_blobs = false' in the [${part}] section.`,
      origin,
    );
    for (const { path, part, origin: written } of live.blobCaches) {
      problems.add(
        `"${path}" is only a cache: [${part}] is a ZEO client without "shared-blob = on"`,
        written,
      );
    }
  }
}
