import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { absent } from '../../system/absent.ts';
import { isFailure, withSystemErrors } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import type { CfgSections, CfgValue } from '../model/cfg-value.ts';
import type { Buildout } from './buildout.ts';
import { parseCfg } from './cfg-parser.ts';

/** How buildout writes characters that would get lost in a `.cfg`. */
const WRITTEN_SPACES: Readonly<Record<string, string>> = {
  '': ' ',
  _n: '\n',
  _r: '\r',
  _f: '\f',
  _v: '\v',
};

/**
 * Where an address that a buildout extends can't be had, `.installed.cfg` still tells what buildout
 * made of it when it ran the last time: it answers what the files can't, as long as it is newer than
 * all of them.
 */
export async function withInstalled(buildout: Buildout): Promise<Buildout> {
  if (buildout.missing.length === 0) return buildout;
  const path = installedPath(buildout);
  const installed = (await isNewest(path, buildout.files)) ? await readInstalled(path) : undefined;
  return installed === undefined ? buildout : supplemented(buildout, installed);
}

/** What buildout wrote when it ran the last time; undefined where it never has. */
export async function installedSections(buildout: Buildout): Promise<CfgSections | undefined> {
  const path = installedPath(buildout);
  return (await isThere(path)) ? readInstalled(path) : undefined;
}

function installedPath(buildout: Buildout): string {
  const name = buildout.option('buildout', 'installed')?.text ?? '.installed.cfg';
  return resolve(dirname(buildout.path), name);
}

async function isNewest(path: string, files: readonly string[]): Promise<boolean> {
  return withSystemErrors(`look at "${path}"`, async () => {
    const found = await stat(path).catch(absent);
    if (found === undefined) return false;
    const others = await Promise.all(files.map((file) => stat(file)));
    return others.every(({ mtimeMs }) => mtimeMs <= found.mtimeMs);
  });
}

async function readInstalled(path: string): Promise<CfgSections> {
  const text = await withSystemErrors(`read "${path}"`, () => readFile(path, 'utf8'));
  const decoded = [...parseCfg(text, path)].map(([name, section]) => {
    const options = [...section].map(([option, { text: written, origin }]) => {
      return [option, { text: decode(written), origin }] as const;
    });
    return [name, new Map<string, CfgValue>(options)] as const;
  });
  return new Map(decoded);
}

function decode(text: string): string {
  return text
    .replace(/%\(__buildout_space(_[nrfv])?__\)s/g, (_, which: string | undefined) => {
      return WRITTEN_SPACES[which ?? ''] ?? ' ';
    })
    .replaceAll('%%', '%');
}

function supplemented(buildout: Buildout, installed: CfgSections): Buildout {
  const option: Buildout['option'] = (section, name) => {
    const known = installed.get(section)?.get(name);
    try {
      return buildout.option(section, name) ?? known;
    } catch (error) {
      if (isFailure(error, 'usage') && known !== undefined) return known;
      throw error;
    }
  };
  const optionNames: Buildout['optionNames'] = (section) => [
    ...new Set([...buildout.optionNames(section), ...(installed.get(section)?.keys() ?? [])]),
  ];
  return {
    ...buildout,
    sectionNames: [...new Set([...buildout.sectionNames, ...installed.keys()])],
    optionNames,
    option,
    section: (name) => {
      const names = optionNames(name);
      if (names.length === 0) return buildout.section(name);
      const values = names.flatMap((one) => {
        const value = option(name, one);
        return value === undefined ? [] : [[one, value] as const];
      });
      return new Map(values);
    },
  };
}
