import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import type { CfgValue } from '../model/cfg-value.ts';
import type { LiveOutcome } from '../model/live-data.ts';
import { formatOrigin } from '../model/origin.ts';

/** The options of cookiecutter-zope-instance that say where the data is, with their defaults. */
const DEFAULTS = {
  target: 'instance',
  location_clienthome: '{{ cookiecutter.target }}/var',
  db_storage: 'direct',
  db_filestorage_location: '{{ cookiecutter.location_clienthome }}/filestorage/Data.fs',
  db_blob_mode: 'shared',
  db_blob_location: '{{ cookiecutter.location_clienthome }}/blobs',
  /** The older name of db_blob_location; it wins where it is set. */
  db_blobs_location: '',
} as const;

/** Values of db_storage for what is no Data.fs. */
const OTHER_DATABASES = ['relstorage', 'pgjsonb'];

type Option = keyof typeof DEFAULTS;
type Context = ReadonlyMap<string, CfgValue>;

/**
 * Reads an `instance.yaml` of cookiecutter-zope-instance: what it says about storages, below
 * `default_context`. Paths begin at the file's folder.
 *
 * Failures: `usage` with file and line for what is no such file, `not-found` and `system` for a file
 * that can't be read.
 */
export async function readInstanceYaml(path: string): Promise<LiveOutcome> {
  const file = resolve(path);
  const directory = dirname(file);
  const context = await readContext(file);
  const found = (option: Option) => {
    const written = context.get(option);
    const text = expand(written?.text || DEFAULTS[option], {
      context,
      through: [option],
      budget: { left: MOST_EXPANSIONS },
    });
    const from = written === undefined ? `a default of "${file}"` : formatOrigin(written.origin);
    return { text, from, path: resolve(directory, text) };
  };
  const storage = found('db_storage');
  const mode = found('db_blob_mode');
  const isOlder = (context.get('db_blobs_location')?.text ?? '') !== '';
  const blobs = found(isOlder ? 'db_blobs_location' : 'db_blob_location');
  if (storage.text !== 'direct') {
    const isZeo = storage.text === 'zeo';
    const cache = mode.text === 'cache' ? `; "${blobs.path}" is only a cache` : '';
    if (!isZeo && !OTHER_DATABASES.includes(storage.text)) {
      return {
        kind: 'elsewhere',
        reason: `${storage.from}: db_storage is "${storage.text}", which is none of ${['direct', 'zeo', ...OTHER_DATABASES].join(', ')}: nobody can tell where the data is`,
        hint: { kind: 'correct-value-or-name-places' },
      };
    }
    const where = isZeo ? 'the ZEO server has the Data.fs' : 'its data is in another database';
    return {
      kind: 'elsewhere',
      reason: `${storage.from}: db_storage is "${storage.text}": ${where}${cache}`,
      hint: isZeo
        ? 'Run this on the ZEO server, with its zeo.conf.'
        : 'Use that database’s own backup; zodbvault backs up the Data.fs and its blobs.',
    };
  }
  const variable = found('location_clienthome');
  const dataFs = found('db_filestorage_location');
  return {
    kind: 'here',
    live: {
      directory,
      variable: { path: variable.path, from: variable.from },
      dataFs: { path: dataFs.path, from: dataFs.from },
      blobs: { path: blobs.path, from: blobs.from },
      blobCaches: [],
      hasServerPart: false,
      mounted: [],
      elsewhere:
        mode.text === 'cache'
          ? [{ kind: 'advice', code: 'blob-mode-without-meaning', from: mode.from }]
          : [],
    },
  };
}

/** References that are followed for one option: each may lead to two others. */
const MOST_EXPANSIONS = 1000;
/** Of a file that a site has, there are two, and two brackets for each reference. */
const MOST_LEVELS = 400;
/** Largest file, in characters: the parser takes a time that grows with the square of some. */
const LARGEST = 1 << 16;

async function readContext(file: string): Promise<Context> {
  const text = await withSystemErrors(`read "${file}"`, () => readFile(file, 'utf8'));
  if (text.length > LARGEST) throw wrong(`"${file}": it has more than ${LARGEST} characters`);
  if (text.includes('\0')) throw wrong(`"${file}": there is a zero byte in it`);
  if (levelsAtMost(text) > MOST_LEVELS) {
    throw wrong(`"${file}": it has too many brackets, or goes too deep`);
  }
  // Here, as most sites have none, and it takes a while to load.
  const { default: yaml } = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const originAt = (offset: number) =>
    ({ kind: 'line', file, line: lines.linePos(offset).line }) as const;
  const [error] = document.errors;
  if (error !== undefined) throw wrong(`${formatOrigin(originAt(error.pos[0]))}: ${error.message}`);
  const options = yaml.isMap(document.contents)
    ? document.contents.get('default_context')
    : undefined;
  if (!yaml.isMap(options))
    throw wrong(`"${file}": it has no "default_context:" with options below it`);
  const context = new Map<string, CfgValue>();
  for (const { key, value } of options.items) {
    if (!yaml.isScalar(key) || !yaml.isScalar(value)) continue;
    const written = value.value === null ? '' : String(value.value).trim();
    const origin = originAt(key.range?.[0] ?? 0);
    if (written.includes('\0')) throw wrong(`${formatOrigin(origin)}: there is a zero byte in it`);
    context.set(String(key.value), { text: written, origin });
  }
  return context;
}

/**
 * How many levels a file may have at most: brackets may be one in another, and so may what is behind spaces, `-`,
 * `?` and `:` of a line. The parser goes deeper in the stack for each, and where that ends in the middle of a
 * regular expression, Node aborts; so it must not come to that.
 */
function levelsAtMost(text: string): number {
  const brackets = text.match(/[[{]/g)?.length ?? 0;
  const inLines = text.split('\n').map((line) => {
    const indent = /^\s*/.exec(line)?.[0].length ?? 0;
    return indent + (line.match(/[-?:](?=\s|$)/g)?.length ?? 0);
  });
  return inLines.reduce((most, one) => Math.max(most, one), 0) + brackets;
}

/** Options may refer to each other as the template does: `{{ cookiecutter.target }}`. */
function expand(
  text: string,
  {
    context,
    through,
    budget,
  }: {
    readonly context: Context;
    readonly through: readonly string[];
    readonly budget: { left: number };
  },
): string {
  return text.replace(/\{\{([^{}\n]*)\}\}/g, (whole, words: string) => {
    const [, name = ''] = /^\s*cookiecutter\.(\w+)\s*$/.exec(words) ?? [];
    const next = context.get(name)?.text || (isOption(name) ? DEFAULTS[name] : undefined);
    if (next !== undefined && !through.includes(name)) {
      budget.left -= 1;
      if (budget.left < 0) throw wrong(`"${whole}": it leads to too many others`);
      return expand(next, { context, through: [...through, name], budget });
    }
    const written = through.flatMap((option) => context.get(option)?.origin ?? []).at(-1);
    const place = written === undefined ? 'its options' : formatOrigin(written);
    throw wrong(`${place}: "${whole}" leads nowhere`);
  });
}

function isOption(name: string): name is Option {
  return Object.keys(DEFAULTS).includes(name);
}

function wrong(what: string): Failure {
  return new Failure('usage', `Cannot read ${what}`, {
    hint: { kind: 'correct-file-or-name-places' },
  });
}
