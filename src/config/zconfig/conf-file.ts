import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { formatOrigin, type Origin } from '../model/origin.ts';
import { type Substituted, substitute } from './substitution.ts';

/** A section of a ZConfig file; the file itself is one without a type. */
export interface ConfSection {
  /** In lower case, as ZConfig compares it; empty for the file. */
  readonly type: string;
  /** In lower case; undefined where it has none. */
  readonly name: string | undefined;
  readonly origin: Origin;
  readonly values: readonly ConfValue[];
  readonly sections: readonly ConfSection[];
}

/** A file, with all that it includes. */
export interface ConfFile extends ConfSection {
  /** What its `%define`s say, each under its name. */
  readonly defines: readonly ConfValue[];
  /** Variables of the environment that say which files those are. */
  readonly includeVariables: readonly string[];
}

export interface ConfValue {
  /** In lower case. */
  readonly key: string;
  readonly value: Substituted;
  readonly origin: Origin;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface OpenSection extends ConfSection {
  readonly values: ConfValue[];
  readonly sections: ConfSection[];
}

/** Files that include each other deeper than this do so in a circle. */
const DEEPEST_INCLUDE = 20;
/** Files, each counted as often as it is included: they may include each other twice. */
const MOST_INCLUDES = 1000;
/** Characters of a value: a %define of two others that are like it doubles them. */
const LONGEST_VALUE = 1 << 16;

/**
 * Reads a `zope.conf` or `zeo.conf`: the lines of ZConfig ("Configuration syntax" of its
 * documentation), whatever the schema. A value that can't be substituted is one only when it is asked for:
 * a password in the environment of the server is none of our business.
 *
 * Failures: `usage` with file and line for what is no ZConfig, `not-found` and `system` for a file
 * that can't be read.
 */
export async function readConfFile(path: string, environment: Environment): Promise<ConfFile> {
  const file = resolve(path);
  const root = openSection({ type: '', name: undefined, origin: { kind: 'line', file, line: 1 } });
  const reader = new ConfReader(environment);
  await reader.read(file, { section: root, depth: 0 });
  const { defines, includeVariables } = reader;
  return { ...root, defines, includeVariables };
}

/** The text of a key, undefined where it isn't there. Failure `usage` where it can't be substituted. */
export function confText(section: ConfSection, ...keys: readonly string[]): string | undefined {
  const found = confValue(section, ...keys);
  if (found === undefined) return undefined;
  if (found.value.kind === 'text') return found.value.text;
  throw wrong(found.origin, found.value.why);
}

/** The value of a key, or of another that means the same. */
export function confValue(section: ConfSection, ...keys: readonly string[]): ConfValue | undefined {
  return section.values.find(({ key }) => keys.includes(key.replaceAll('_', '-')));
}

class ConfReader {
  readonly #environment: Environment;
  readonly #defined = new Map<string, Substituted>();
  #includes = 0;
  readonly defines: ConfValue[] = [];
  readonly includeVariables: string[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async read(
    file: string,
    { section: root, depth }: { readonly section: OpenSection; readonly depth: number },
  ): Promise<void> {
    const text = await withSystemErrors(`read "${file}"`, () => readFile(file, 'utf8'));
    const open: OpenSection[] = [root];
    for (const [index, written] of text.split(/\r\n|\r|\n/).entries()) {
      const origin = { kind: 'line', file, line: index + 1 } as const;
      const line = written.trim();
      const section = open.at(-1) ?? root;
      if (line === '' || line.startsWith('#')) continue;
      // No path can hold it; it would come out where a file is opened.
      if (line.includes('\0')) throw wrong(origin, 'there is a zero byte in it');
      if (line.startsWith('%')) await this.#obey(line, { origin, section, depth });
      else if (line.startsWith('</')) close(open, { line, origin });
      else if (line.startsWith('<')) begin(open, { line, origin, section });
      else section.values.push(this.#value(line, origin));
    }
    const [, unclosed] = open;
    if (unclosed !== undefined) {
      throw wrong(unclosed.origin, `the section <${unclosed.type}> is not closed`);
    }
  }

  #value(line: string, origin: Origin): ConfValue {
    const match = /^([^\s()<>]+)(?:\s+(.*))?$/.exec(line);
    const [, key, text = ''] = match ?? [];
    if (key === undefined) throw wrong(origin, `"${line}" is no "key value"`);
    return { key: key.toLowerCase(), value: this.#substitute(text), origin };
  }

  #substitute(text: string): Substituted {
    const words = { defines: this.#defined, environment: this.#environment };
    const substituted = substitute(text, words);
    if (substituted.kind === 'wrong' || substituted.text.length <= LONGEST_VALUE) {
      return substituted;
    }
    return { kind: 'wrong', why: `it comes to more than ${LONGEST_VALUE} characters` };
  }

  async #obey(
    line: string,
    {
      origin,
      section,
      depth,
    }: {
      readonly origin: Extract<Origin, { kind: 'line' }>;
      readonly section: OpenSection;
      readonly depth: number;
    },
  ): Promise<void> {
    const [, word = '', argument = ''] = /^%\s*(\S*)\s*(.*)$/.exec(line) ?? [];
    switch (word) {
      case 'import':
        return;
      case 'define':
        this.#define(argument, origin);
        return;
      case 'include': {
        const address = this.#substitute(argument);
        if (address.kind === 'wrong') throw wrong(origin, address.why);
        if (depth === DEEPEST_INCLUDE) throw wrong(origin, '%include leads back to itself');
        this.includeVariables.push(...address.variables);
        this.#includes += 1;
        if (this.#includes > MOST_INCLUDES) {
          throw wrong(origin, `there are more than ${MOST_INCLUDES} files to include`);
        }
        const file = includedFile(address.text, origin);
        await this.read(file, { section, depth: depth + 1 });
        return;
      }
      default:
        throw wrong(origin, `"%${word}" is no directive; there are %define, %include and %import`);
    }
  }

  #define(argument: string, origin: Origin): void {
    const [, written, text = ''] = /^(\S+)\s*(.*)$/.exec(argument) ?? [];
    if (written === undefined || !/^[a-z_]\w*$/i.test(written)) {
      throw wrong(origin, `"${written ?? ''}" is no name for a %define`);
    }
    const name = written.toLowerCase();
    const value = this.#substitute(text);
    const before = this.#defined.get(name);
    const isSame = before?.kind === 'text' && value.kind === 'text' && before.text === value.text;
    if (before?.kind === 'text' && value.kind === 'text' && !isSame) {
      throw wrong(origin, `"${written}" is defined already, as "${before.text}"`);
    }
    this.#defined.set(name, value);
    this.defines.push({ key: name, value, origin });
  }
}

function begin(
  open: OpenSection[],
  {
    line,
    origin,
    section,
  }: { readonly line: string; readonly origin: Origin; readonly section: OpenSection },
): void {
  const [, type, name, slash] =
    /^<\s*([^\s<>/]+)(?:\s+([^\s<>/][^\s<>]*?))?\s*(\/)?>$/.exec(line) ?? [];
  if (type === undefined)
    throw wrong(origin, `"${line}" is no section; it begins <type> or <type name>`);
  const begun = openSection({ type: type.toLowerCase(), name: name?.toLowerCase(), origin });
  section.sections.push(begun);
  if (slash === undefined) open.push(begun);
}

function close(
  open: OpenSection[],
  { line, origin }: { readonly line: string; readonly origin: Origin },
): void {
  const [, type] = /^<\/\s*([^\s<>]+)\s*>$/.exec(line) ?? [];
  if (type === undefined) throw wrong(origin, `"${line}" closes no section`);
  // What a file opens, it closes itself; the outermost is the file.
  const [, ...inner] = open;
  const current = inner.at(-1);
  if (current === undefined) throw wrong(origin, `</${type}> closes what was not opened`);
  if (current.type !== type.toLowerCase()) {
    throw wrong(origin, `</${type}> is in the place of </${current.type}>`);
  }
  open.pop();
}

function openSection(words: Pick<ConfSection, 'type' | 'name' | 'origin'>): OpenSection {
  return { ...words, values: [], sections: [] };
}

/** ZConfig takes addresses; a path is one, too. */
function includedFile(address: string, origin: Extract<Origin, { kind: 'line' }>): string {
  if (address === '') throw wrong(origin, '%include names no file');
  if (!/^[a-z][a-z0-9+.-]+:/i.test(address)) return resolve(dirname(origin.file), address);
  if (!address.startsWith('file:///')) {
    throw wrong(origin, `"${address}" is no file of this machine`);
  }
  try {
    return fileURLToPath(address);
  } catch {
    throw wrong(origin, `"${address}" is no file of this machine`);
  }
}

function wrong(origin: Origin, why: string): Failure {
  return new Failure('usage', `Cannot read ${formatOrigin(origin)}: ${why}`, {
    hint: { kind: 'correct-file-or-name-places' },
  });
}
