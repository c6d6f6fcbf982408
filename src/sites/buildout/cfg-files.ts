import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { adopting, Failure, systemCodeOf } from '../../system/failure.ts';
import { parseCfg } from './cfg-parser.ts';
import type { CfgSection, CfgSections } from './cfg-value.ts';

/** What a `.cfg` says, with all that it extends. */
export interface LoadedCfg {
  /** One for each file, the lowest first. */
  readonly layers: readonly CfgSections[];
  /** The files of this machine that were read. */
  readonly files: readonly string[];
  /** Addresses that could not be had, each with the reason; what they say is missing. */
  readonly missing: readonly { readonly address: string; readonly reason: string }[];
}

/** How long a server may take to answer, in milliseconds. */
const FETCH_TIMEOUT_MS = 5000;

/**
 * Reads a `.cfg` with all that it extends. What a file extends lies below it, the later above the
 * earlier; paths are relative to the file that names them. An address that can't be had is reported,
 * and left out.
 *
 * @param extendsCache - folder where buildout keeps what it fetched, if the user's defaults name it
 * Failures: `not-found`; `usage` for what is no `.cfg`, or extends itself.
 */
export async function loadCfg(
  path: string,
  { extendsCache }: { readonly extendsCache: string | undefined },
): Promise<LoadedCfg> {
  const missing: { address: string; reason: string }[] = [];
  const files: string[] = [];
  let cache = extendsCache;

  const load = async (
    place: string,
    through: readonly string[],
  ): Promise<readonly CfgSections[]> => {
    if (through.includes(place)) throw extendsItself(place, through);
    const text = isAddress(place) ? await fetchCached(place) : await readCfg(place);
    if (text === undefined) return [];
    if (!isAddress(place)) files.push(place);
    const own = parseCfg(text, place);
    cache ??= own.get('buildout')?.get('extends-cache')?.text;
    const layers: CfgSections[] = [];
    for (const name of extendsOf(own.get('buildout'))) {
      layers.push(...(await load(placeOf(name, place), [...through, place])));
    }
    return [...layers, withoutExtends(own)];
  };

  const fetchCached = async (address: string): Promise<string | undefined> => {
    const cached =
      cache === undefined ? undefined : await readCached(resolve(dirname(path), cache), address);
    if (cached !== undefined) return cached;
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
      if (answer.ok) return await answer.text();
      missing.push({ address, reason: `the server answered ${answer.status}` });
    } catch (error) {
      missing.push({ address, reason: error instanceof Error ? error.message : String(error) });
    }
    return undefined;
  };

  return { layers: await load(path, []), files, missing };
}

function isAddress(place: string): boolean {
  return /^https?:\/\//.test(place);
}

function extendsOf(section: CfgSection | undefined): readonly string[] {
  return (section?.get('extends')?.text ?? '').split(/\s+/).filter((name) => name !== '');
}

function withoutExtends(sections: CfgSections): CfgSections {
  const own = sections.get('buildout');
  if (own === undefined) return sections;
  const rest = new Map([...own].filter(([name]) => name !== 'extends'));
  return new Map([...sections, ['buildout', rest]]);
}

function placeOf(name: string, from: string): string {
  if (isAddress(name)) return name;
  return isAddress(from) ? new URL(name, from).href : resolve(dirname(from), name);
}

async function readCfg(path: string): Promise<string> {
  return adopting(`read "${path}"`, () => readFile(path, 'utf8'));
}

/** Buildout keeps what it fetched under the md5 of the address. */
async function readCached(folder: string, address: string): Promise<string | undefined> {
  const path = join(folder, createHash('md5').update(address).digest('hex'));
  return adopting(`read "${path}"`, () =>
    readFile(path, 'utf8').catch((error: unknown) => {
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    }),
  );
}

function extendsItself(place: string, through: readonly string[]): Failure {
  return new Failure('usage', `Cannot read "${place}": it extends itself`, {
    hint: `It was reached through ${[...through, place].join(', ')}.`,
  });
}
