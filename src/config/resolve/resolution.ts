import { join } from 'node:path';
import type { Found, LiveData } from '../model/live-data.ts';
import { formatOrigin } from '../model/origin.ts';
import type { SettingsAdvice } from '../model/settings-advice.ts';
import type { WrittenOptions } from './option-reader.ts';
import { expandPath, type PathEnvironment } from './paths.ts';
import type { Problems } from './problems.ts';

/** What holds where nothing is written, and how paths are meant. */
export interface SiteDefaults {
  /** Where relative folders for backups begin: at `var`, or where all other paths do. */
  readonly locations: 'var' | 'directory';
  /** Whether blobs are backed up: always, so that a missing blob directory is an error; or if found. */
  readonly blobs: 'always' | 'as-found';
  /** Full backups to keep; 0: all. */
  readonly keep: number;
  /** Days for blob backups that no Data.fs backup decides about; 0: all. */
  readonly keepBlobDays: number;
  readonly blobCopier: 'rsync' | 'own';
}

/** Those of collective.recipe.backup. */
export const RECIPE_DEFAULTS: SiteDefaults = {
  locations: 'var',
  blobs: 'always',
  keep: 2,
  keepBlobDays: 14,
  blobCopier: 'rsync',
};

/** What the steps that resolve a part share. */
export interface Resolution {
  readonly part: string;
  readonly live: LiveData;
  readonly options: WrittenOptions;
  readonly problems: Problems;
  readonly warnings: SettingsAdvice[];
  readonly defaults: SiteDefaults;
  readonly is23: boolean;
  /** Where relative paths begin. */
  readonly base: string;
  /** The var directory, and what told. */
  readonly variable: Found;
  readonly expand: (text: string, base: string) => string;
  readonly flag: (name: Parameters<WrittenOptions['flag']>[0], byDefault: boolean) => boolean;
}

/** Takes the first decisions, on which the others build: the rules, and where paths begin. */
export function beginResolution(inputs: {
  readonly part: string;
  readonly live: LiveData;
  readonly options: WrittenOptions;
  readonly problems: Problems;
  readonly defaults: SiteDefaults;
  readonly pathEnvironment: PathEnvironment;
  readonly warnings: SettingsAdvice[];
}): Resolution {
  const { live, options, pathEnvironment } = inputs;
  const is23 = rulesOf(inputs) === '2.3';
  const expand = (text: string, base: string) => expandPath(text, { base, pathEnvironment });
  const early = { options, expand };
  const base = writtenPath('buildout_dir', { ...early, base: live.directory }) ?? live.directory;
  const variable =
    (is23 ? undefined : live.variable) ?? ({ path: join(base, 'var'), from: 'default' } as const);
  return {
    ...inputs,
    is23,
    base,
    variable,
    expand,
    flag: (name, byDefault) => options.flag(name, { byDefault, is23 }),
  };
}

function rulesOf({ options, problems }: Pick<Resolution, 'options' | 'problems'>): '2.3' | '6.0' {
  const value = options.written('compatible');
  const text = options.text('compatible');
  if (text === '2.3') return '2.3';
  if (!['', '6', '6.0'].includes(text)) {
    problems.add(`compatible = ${text}: it can be 2.3 or 6.0 (the default)`, value?.origin);
  }
  return '6.0';
}

/** A path option; undefined where it isn't there or is empty. */
export function writtenPath(
  name: 'buildout_dir' | 'datafs' | 'blob_storage' | 'blob-storage',
  { options, expand, base }: Pick<Resolution, 'options' | 'expand' | 'base'>,
): string | undefined {
  const value = options.written(name);
  if (value === undefined || value.text.trim() === '') return undefined;
  const path = expand(value.text.trim(), base);
  options.resolve(name, path, formatOrigin(value.origin));
  return path;
}
