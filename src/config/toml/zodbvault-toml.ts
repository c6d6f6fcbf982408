import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import type { CfgValue } from '../model/cfg-value.ts';
import type { OptionSource } from '../model/option-source.ts';
import type { Origin } from '../model/origin.ts';
import { Problems } from '../resolve/problems.ts';
import { linesOfKeys } from './toml-lines.ts';
import { ONLY_IN_BUILDOUT, TOML_OPTIONS, tomlOption } from './toml-options.ts';
import { textOfToml } from './toml-values.ts';

/** A `zodbvault.toml`, decoded. */
export interface ZodbvaultToml {
  readonly path: string;
  /** What stands above all tables. */
  readonly defaults: OptionSource;
  /** The tables `[sites.NAME]`; none where the file speaks of one site only. */
  readonly sites: readonly TomlSite[];
}

export interface TomlSite {
  readonly name: string;
  readonly options: OptionSource;
  /** What is wrong with its table, with file and line: `usage`. */
  readonly failure: Failure | undefined;
}

type Nearest = (name: string, known: readonly string[]) => string;

/** Names become parts of paths and of commands in crontabs. */
const SITE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/**
 * Reads a `zodbvault.toml`. Failure `usage` with file and line: where it is no TOML, or where something above
 * the tables of the sites is no option, or has a value of another kind; then with all that is wrong. What is
 * wrong with one site alone is its own failure.
 *
 * @param judged - the site that is meant: what is wrong with the others isn't said; undefined: all of them
 */
export async function readZodbvaultToml(
  path: string,
  { nearest, judged }: { readonly nearest: Nearest; readonly judged?: string | undefined },
): Promise<ZodbvaultToml> {
  const file = resolve(path);
  const text = await withSystemErrors(`read "${file}"`, () => readFile(file, 'utf8'));
  const tables: Readonly<Record<string, unknown>> = await parseToml(text, file);
  const lines = linesOfKeys(text);
  const problems = new Problems(`"${file}"`);
  const originOf = (key: string): Origin => ({ kind: 'line', file, line: lines.get(key) ?? 1 });
  const { sites: written = {}, ...top } = tables;
  const defaults = decodeTable(top, { prefix: '', originOf, problems, nearest });
  const sites: TomlSite[] = [];
  const hasCommonProblems = problems.failure() !== undefined;
  if (!isTable(written)) problems.add('sites: write [sites.NAME] for each site', originOf('sites'));
  else {
    for (const [name, table] of Object.entries(written)) {
      const key = `sites.${name}`;
      const own = new Problems(`"${file}"`);
      if (!isTable(table)) own.add(`${key}: write [${key}] above its options`, originOf(key));
      else if (!SITE_NAME.test(name)) {
        own.add(`"${name}" is no name for a site: use letters, digits, "-", "_"`, originOf(key));
      }
      const how = { prefix: `${key}.`, originOf, problems: own, nearest };
      const options = decodeTable(isTable(table) ? table : {}, how);
      sites.push({ name, options, failure: own.failure() });
      if (hasCommonProblems && (judged ?? name) === name) problems.addAll(own);
    }
  }
  problems.throwIfAny();
  return { path: file, defaults, sites };
}

async function parseToml(text: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  // Here, as most sites have none.
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [message = ''] = error.message.split('\n');
    throw new Failure('usage', `Cannot read ${file}:${error.line}:${error.column}: ${message}`, {
      hint: 'Correct the file; it is TOML (https://toml.io).',
      cause: error,
    });
  }
}

/**
 * The options of a table. What is none of them, or has a value of another kind, is a problem.
 *
 * @param prefix - of its keys, for their places
 */
export function decodeTable(
  table: Readonly<Record<string, unknown>>,
  {
    prefix,
    originOf,
    problems,
    nearest,
  }: {
    readonly prefix: string;
    readonly originOf: (key: string) => Origin;
    readonly problems: Problems;
    readonly nearest: Nearest;
  },
): OptionSource {
  const values = new Map<string, CfgValue>();
  for (const [name, value] of Object.entries(table)) {
    const origin = originOf(prefix + name);
    const option = tomlOption(name);
    if (option === undefined) {
      const why = Object.entries(ONLY_IN_BUILDOUT).find(([other]) => other === name)?.[1];
      if (why === undefined && isTable(value)) {
        problems.add(`[${name}]: unknown section; did you mean [sites.NAME]?`, origin);
        continue;
      }
      const hint = why ?? `did you mean "${nearest(name, Object.keys(TOML_OPTIONS))}"?`;
      problems.add(
        `${name}: ${why === undefined ? 'unknown option' : 'not here'}; ${hint}`,
        origin,
      );
      continue;
    }
    const text = textOfToml(value, option.kind);
    if (text.kind === 'text') values.set(name, { text: text.text, origin });
    else problems.add(`${name}: ${text.why}`, origin);
  }
  return {
    names: [...values.keys()],
    option: (name) => values.get(name),
    originOf: (name) => values.get(name)?.origin,
  };
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
