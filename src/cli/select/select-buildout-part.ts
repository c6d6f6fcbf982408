import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Option } from '@commander-js/extra-typings';
import { type Buildout, type Override, readBuildout } from '../../config/buildout/buildout.ts';
import { withInstalled } from '../../config/buildout/installed.ts';
import { kindOfConfig } from '../../config/discover/discovery.ts';
import { cronLinesOf } from '../../config/recipe/cron-parts.ts';
import { type PartScripts, readPartScripts } from '../../config/recipe/part-scripts.ts';
import { readBuildoutData, recipeOf } from '../../config/recipe/plone-parts.ts';
import {
  findRecipeParts,
  type RecipePart,
  readRecipePart,
} from '../../config/recipe/recipe-part.ts';
import { unclaimedStorages } from '../../config/recipe/unclaimed-storages.ts';
import { isRecipeOption } from '../../config/resolve/option-table.ts';
import { findSharedFolders } from '../../config/resolve/shared-folders.ts';
import type { ForeignLine } from '../../config/schedule/foreign-lines.ts';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { nearest, PATH_ENVIRONMENT } from './environment-access.ts';
import { takeUnusable, type UnusableSite } from './unusable-sites.ts';

/** The buildout of a folder, unless another is named. */
export const DEFAULT_CFG = 'buildout.cfg';

export const CONFIG_OPTION = new Option(
  '-c, --config <file>',
  'a zodbvault.toml, a buildout, a zope.conf, zeo.conf or instance.yaml (default: what zodbvault finds in this folder)',
);

export const PART_OPTION = new Option(
  '--part <name>',
  'the part of the buildout, or the site of the zodbvault.toml (default: all)',
);

/** What of a buildout was asked for on the command line. */
export interface BuildoutSelection {
  /** Path of a `.cfg`; undefined: the one in this folder. */
  readonly config: string | undefined;
  readonly overrides: readonly Override[];
}

/** Reads the buildout, and warns of what of it couldn't be had. Failure `not-found`. */
export async function loadBuildout(
  { config, overrides }: BuildoutSelection,
  terminal: Terminal,
): Promise<Buildout> {
  const path = resolve(config ?? DEFAULT_CFG);
  if (config === undefined && !(await isThere(path))) {
    throw new Failure('not-found', `Cannot find a buildout: there is no "${path}"`, {
      hint: 'Go to the folder of the buildout, or name its file with --config.',
    });
  }
  if (config !== undefined && (await kindOfConfig(path)) !== 'buildout') {
    throw new Failure('usage', `Cannot read a buildout from "${path}": it is something else`, {
      hint: 'Only a buildout has scripts and parts; everywhere else, use the commands themselves.',
    });
  }
  for (const { section, option, value } of overrides) {
    if (section !== 'buildout' || !isRecipeOption(option.replace(/\s*[-+]$/, ''))) continue;
    renderWarning({ kind: 'advice', code: 'option-of-buildout', option, value }, terminal);
  }
  const buildout = await readBuildout(path, { overrides, userDefaults: await userDefaults() });
  for (const { address, reason } of buildout.missing) {
    renderWarning({ kind: 'notice', code: 'part-of-cfg-unread', address, reason }, terminal);
  }
  return withInstalled(buildout);
}

/**
 * The backup parts of the buildout that was named, or of the one in this folder; none where it has
 * none, and nobody asked for it. Failures: those of {@link readParts}.
 */
export async function findBackupParts(
  { config, part }: { readonly config: string | undefined; readonly part: string | undefined },
  {
    terminal,
    unusable,
  }: { readonly terminal: Terminal; readonly unusable: UnusableSite[] | undefined },
): Promise<ReadParts> {
  const isAskedFor = config !== undefined || part !== undefined;
  if (!isAskedFor && !(await isThere(resolve(DEFAULT_CFG))))
    return { parts: [], extent: 'all', cronLines: [], scripts: [] };
  const buildout = await loadBuildout({ config, overrides: [] }, terminal);
  const names = part === undefined ? [] : [part];
  const found = await readParts(buildout, { names, terminal, unusable });
  if (found.parts.length > 0 || !isAskedFor) return found;
  throw new Failure('usage', `Cannot find a backup part in "${buildout.path}"`, {
    hint: 'No part of it has "recipe = collective.recipe.backup".',
  });
}

/** Parts of a buildout, resolved. */
export interface ReadParts {
  readonly parts: readonly RecipePart[];
  /** Whether these are all that there are: `some` also where nobody can tell. */
  readonly extent: 'all' | 'some';
  /** What other parts of it put into a crontab. */
  readonly cronLines: readonly ForeignLine[];
  /** Whose scripts the parts have. */
  readonly scripts: readonly PartScripts[];
}

/**
 * The parts that the recipe makes: those that were named, or all. Failure `usage` for a name that is
 * none, and for every problem of a part.
 */
export async function readParts(
  buildout: Buildout,
  {
    names,
    terminal,
    unusable,
  }: {
    readonly names: readonly string[];
    readonly terminal: Terminal;
    /** Gets the parts that can't be used, where others can; absent: they are thrown. */
    readonly unusable?: UnusableSite[] | undefined;
  },
): Promise<ReadParts> {
  const { names: known, unclear } = findRecipeParts(buildout);
  for (const name of names) {
    if (known.includes(name)) continue;
    // Where nobody can tell, this says why.
    if (unclear.includes(name)) recipeOf(buildout, name);
    const list = known.map((one) => `[${one}]`).join(', ');
    throw new Failure('usage', `Cannot find the part [${name}] in "${buildout.path}"`, {
      hint:
        known.length === 0
          ? 'No part of it has "recipe = collective.recipe.backup".'
          : `Its parts with "recipe = collective.recipe.backup" are ${list}.`,
    });
  }
  const parts = await readEach(buildout, { names: names.length === 0 ? known : names, unusable });
  for (const one of parts.flatMap(({ warnings }) => warnings)) renderWarning(one, terminal);
  const sites = parts.map(({ site }) => site);
  for (const shared of await findSharedFolders(sites)) {
    renderWarning({ kind: 'advice', code: 'shared-backup-folders', shared }, terminal);
  }
  if (names.length === 0 && parts.length > 0 && parts.length === known.length) {
    const data = readBuildoutData(buildout, PATH_ENVIRONMENT);
    for (const one of unclaimedStorages(data, sites)) renderWarning(one, terminal);
  }
  const isAll = names.length === 0 && unclear.length === 0 && buildout.missing.length === 0;
  const extent = isAll ? 'all' : 'some';
  const scripts = await readPartScripts(parts, buildout);
  return { parts, extent, cronLines: cronLinesOf(buildout), scripts };
}

/** Where nobody takes the parts that can't be used, they stop the others, too: people are told how to go on with those. */
async function readEach(
  buildout: Buildout,
  {
    names,
    unusable,
  }: { readonly names: readonly string[]; readonly unusable: UnusableSite[] | undefined },
): Promise<readonly RecipePart[]> {
  const parts: RecipePart[] = [];
  const broken: UnusableSite[] = [];
  for (const part of names) {
    await giveWay();
    try {
      parts.push(readRecipePart(buildout, { part, pathEnvironment: PATH_ENVIRONMENT, nearest }));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      broken.push({ part, failure: error });
    }
  }
  const good = parts.map(({ site }) => site.part);
  const advice =
    good.length === 0
      ? ''
      : ` What can be used is ${good.map((name) => `[${name}]`).join(', ')}: name it (--part ${good[0]}; for install and config, ${good[0]} alone).`;
  takeUnusable(broken, { takers: unusable, others: parts.length, advice });
  return parts;
}

async function userDefaults(): Promise<string | undefined> {
  const folder = process.env['BUILDOUT_HOME'] ?? join(homedir(), '.buildout');
  const path = join(folder, 'default.cfg');
  return (await isThere(path)) ? path : undefined;
}
