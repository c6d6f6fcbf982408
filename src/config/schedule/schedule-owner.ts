import { basename, dirname, extname, join } from 'node:path';
import type { Site } from '../model/site.ts';
import { defaultFolderNames } from '../resolve/script-names.ts';

/** Whose a scheduled job is: what the lines in a crontab, and units of systemd, are marked with. */
export interface ScheduleOwner {
  /** The site's folder; for a plain site elsewhere than in `var` or in the folder itself, the one with its backups. */
  readonly folder: string;
  /** The part of the buildout, where there is one. */
  readonly part: string | undefined;
}

/** The owner of a site's jobs; it is the same however the site was named. */
export function ownerOf({ part, buildout, config, storages }: Site): ScheduleOwner {
  if (buildout !== undefined) return { folder: dirname(buildout), part };
  if (config !== undefined) return { folder: siteFolderOf(config), part };
  const main = storages.at(-1);
  if (main === undefined) throw new RangeError('a site without a storage');
  const { dataFs, folders } = main;
  const location = folders.backup.filestorage;
  const folder = dirname(dirname(location));
  const backups = defaultFolderNames(part).location;
  const isUsual =
    dataFs === join(folder, 'var/filestorage/Data.fs') && location === join(folder, 'var', backups);
  const own = dirname(dataFs);
  const isBare = dataFs === join(own, 'Data.fs') && location === join(own, backups);
  return { folder: isUsual ? folder : isBare ? own : location, part: undefined };
}

const OTHER_CONFIGS = ['.toml', '.yaml', '.yml', '.cfg'];

/**
 * The folder of the site that a file describes: its own, but for a `zope.conf` or `zeo.conf` in one of the
 * places where they are looked for, `etc`, `instance/etc` and `parts/NAME/etc`.
 */
export function siteFolderOf(config: string): string {
  const folder = dirname(config);
  if (basename(folder) !== 'etc' || OTHER_CONFIGS.includes(extname(config))) return folder;
  const instance = dirname(folder);
  const above = dirname(instance);
  if (basename(above) === 'parts') return dirname(above);
  return basename(instance) === 'instance' ? above : instance;
}

/** Earlier versions named the folder of the `zope.conf` itself. */
function asNamedToday(owner: ScheduleOwner): ScheduleOwner {
  if (owner.part !== 'backup') return owner;
  return { ...owner, folder: siteFolderOf(join(owner.folder, 'zope.conf')) };
}

/** `"/srv/site" [part]`, in one line whatever the path holds. */
export function formatOwner({ folder, part }: ScheduleOwner): string {
  return `${JSON.stringify(folder)}${part === undefined ? '' : ` [${part}]`}`;
}

/** Undefined where the text is no owner. */
export function parseOwner(text: string): ScheduleOwner | undefined {
  const match = /^("(?:[^"\\]|\\.)*")(?: \[(.+)\])?$/.exec(text);
  if (match === null) return undefined;
  const [, quoted = '', part] = match;
  try {
    const folder: unknown = JSON.parse(quoted);
    return typeof folder === 'string' ? { folder, part } : undefined;
  } catch {
    return undefined;
  }
}

/** Whose jobs are replaced, or taken away. */
export type ScheduleScope =
  /** All that a folder has, also parts that are gone. */
  | {
      readonly kind: 'folder';
      readonly folder: string;
      /** And those of these. */
      readonly owners: readonly ScheduleOwner[];
    }
  | { readonly kind: 'owners'; readonly owners: readonly ScheduleOwner[] };

export function isInScope(owner: ScheduleOwner, scope: ScheduleScope): boolean {
  return [owner, asNamedToday(owner)].some((named) => {
    const isNamed = scope.owners.some((one) => formatOwner(one) === formatOwner(named));
    return isNamed || (scope.kind === 'folder' && named.folder === scope.folder);
  });
}
