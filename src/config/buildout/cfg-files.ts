import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { absent } from '../../system/absent.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import type { CfgSection, CfgSections } from '../model/cfg-value.ts';
import { isAddress, requestFor, withoutSecrets } from './address.ts';
import { parseCfg, type RepeatedOption } from './cfg-parser.ts';

/** What a `.cfg` says, with all that it extends. */
export interface LoadedCfg {
  /** One for each file, the lowest first. */
  readonly layers: readonly CfgSections[];
  /** The files of this machine that were read. */
  readonly files: readonly string[];
  /** Addresses that could not be had, without their secrets, and why; what they say is missing. */
  readonly missing: readonly { readonly address: string; readonly reason: string }[];
  readonly repeated: readonly RepeatedOption[];
  /** The folders in which what buildout fetched was looked for. */
  readonly extendsCaches: readonly string[];
}

/** What buildout takes out of the options once it has followed it. */
const EXTENDS: readonly string[] = ['extends', 'optional-extends'];

/** Files that one may extend, each counted as often as it is named: they may name each other twice. */
const MAXIMUM_FILES = 1000;

/** How long a server may take to answer, in milliseconds. */
const FETCH_TIMEOUT_MS = 5000;

/**
 * Reads a `.cfg` with all that it extends. What a file extends lies below it, the later above the
 * earlier; paths are relative to the file that names them. An address that can't be had is reported,
 * and left out.
 *
 * @param extendsCaches - folders where buildout keeps what it fetched; those that the files name are
 *   looked into, too
 * Failures: `not-found`; `usage` for what is no `.cfg`, or extends itself.
 */
export async function loadCfg(
  path: string,
  { extendsCaches }: { readonly extendsCaches: readonly string[] },
): Promise<LoadedCfg> {
  const missing: { address: string; reason: string }[] = [];
  const repeated: RepeatedOption[] = [];
  let read = 0;
  const files: string[] = [];
  const caches = [...extendsCaches];
  const miss = (address: string, reason: string): void => {
    missing.push({ address: withoutSecrets(address), reason });
  };
  const addCache = (section: CfgSection | undefined, place: string): void => {
    const text = section?.get('extends-cache')?.text;
    if (text === undefined || isAddress(place)) return;
    caches.push(cacheFolder(text, { from: place, main: path }));
  };

  const load = async (
    place: string,
    through: readonly string[],
  ): Promise<readonly CfgSections[]> => {
    if (through.includes(place)) throw extendsItself(place, through);
    read += 1;
    if (read > MAXIMUM_FILES) throw extendsTooMany(path);
    const text = isAddress(place) ? await fetchCached(place) : await readCfg(place);
    if (text === undefined) return [];
    if (!isAddress(place)) files.push(place);
    const own = parseCfg(text, withoutSecrets(place), (one) => repeated.push(one));
    addCache(own.get('buildout'), place);
    const layers: CfgSections[] = [];
    for (const next of [
      ...namesIn(own, 'extends').map((name) => placeOf(name, place)),
      ...(await whatIsThere(namesIn(own, 'optional-extends').map((name) => placeOf(name, place)))),
    ]) {
      layers.push(...(await load(next, [...through, place])));
    }
    return [...layers, withoutExtends(own)];
  };

  const fetchCached = async (address: string): Promise<string | undefined> => {
    for (const cache of caches) {
      const cached = await readCached(cache, address);
      if (cached !== undefined) return cached;
    }
    try {
      const { url, headers } = requestFor(address);
      const answer = await fetch(url, { headers, signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
      if (answer.ok) return await answer.text();
      miss(address, `the server answered ${answer.status}`);
    } catch (error) {
      miss(address, reasonOf(error));
    }
    return undefined;
  };

  return { layers: await load(path, []), files, missing, repeated, extendsCaches: caches };
}

function namesIn(sections: CfgSections, option: 'extends' | 'optional-extends'): readonly string[] {
  const text = sections.get('buildout')?.get(option)?.text ?? '';
  return text.split(/\s+/).filter((name) => name !== '');
}

/** `optional-extends` names files, never addresses; those that aren't there are left out. */
async function whatIsThere(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_, index) => found[index]);
}

/**
 * The folder that an `extends-cache` means, relative to the file that names it, or else to the one that was read
 * first; buildout knows `~`, and of references those to its folder.
 */
export function cacheFolder(
  text: string,
  { from, main }: { readonly from: string; readonly main: string },
): string {
  const expanded = text
    // biome-ignore lint/suspicious/noTemplateCurlyInString: buildout writes references so.
    .replaceAll('${buildout:directory}', dirname(main))
    .replace(/^~(?=\/|$)/, homedir());
  return resolve(dirname(from), expanded);
}

/** What `fetch` throws says only that it failed; why, stands in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

function withoutExtends(sections: CfgSections): CfgSections {
  const own = sections.get('buildout');
  if (own === undefined) return sections;
  const rest = new Map([...own].filter(([name]) => !EXTENDS.includes(name)));
  return new Map([...sections, ['buildout', rest]]);
}

function placeOf(name: string, from: string): string {
  if (isAddress(name)) return name;
  if (!isAddress(from)) return resolve(dirname(from), name);
  try {
    return new URL(name, from).href;
  } catch (cause) {
    throw new Failure('usage', `Cannot read "${withoutSecrets(from)}": it extends "${name}"`, {
      hint: 'That is neither a file beside it nor an address.',
      cause,
    });
  }
}

async function readCfg(path: string): Promise<string> {
  return withSystemErrors(`read "${path}"`, () => readFile(path, 'utf8'));
}

/** Buildout keeps what it fetched under the md5 of the address. */
async function readCached(folder: string, address: string): Promise<string | undefined> {
  const path = join(folder, createHash('md5').update(address).digest('hex'));
  return withSystemErrors(`read "${path}"`, () => readFile(path, 'utf8').catch(absent));
}

function extendsItself(place: string, through: readonly string[]): Failure {
  return new Failure('usage', `Cannot read "${withoutSecrets(place)}": it extends itself`, {
    hint: `It was reached through ${[...through, place].map(withoutSecrets).join(', ')}.`,
  });
}

function extendsTooMany(path: string): Failure {
  return new Failure(
    'usage',
    `Cannot read "${path}": it extends more than ${MAXIMUM_FILES} files`,
    {
      hint: 'A file counts each time that one of the others names it; name each once.',
    },
  );
}
