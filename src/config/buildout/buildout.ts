import { dirname, join, resolve } from 'node:path';
import { Failure } from '../../system/failure.ts';
import type { CfgSection, CfgSections, CfgValue } from '../model/cfg-value.ts';
import { formatOrigin, type Origin } from '../model/origin.ts';
import { cacheFolder, type LoadedCfg, loadCfg } from './cfg-files.ts';
import { baseName, flatten } from './operators.ts';

/** A buildout's configuration. Values are resolved when they are asked for. */
export interface Buildout {
  /** The `.cfg` that was read first. */
  readonly path: string;
  /** The files of this machine that it consists of. */
  readonly files: LoadedCfg['files'];
  readonly missing: LoadedCfg['missing'];
  readonly repeated: LoadedCfg['repeated'];
  /** Names of all sections, in order. */
  readonly sectionNames: readonly string[];
  /**
   * The options of a section, resolved. Undefined where there is no such section. Failure `usage`
   * for a reference to nothing, or in a circle; it names file and line.
   */
  section(name: string): CfgSection | undefined;
  /** Names of a section's options, macros included; none where there is no such section. */
  optionNames(section: string): readonly string[];
  /** One option, resolved, whatever else of its section can't be. The same failures. */
  option(section: string, name: string): CfgValue | undefined;
  /** Where an option was last set, resolvable or not; undefined where it isn't, or nobody can tell. */
  originOf(section: string, name: string): Origin | undefined;
}

/** An option given on the command line: `section:option=value`, or `+=`, `-=`. */
export interface Override {
  readonly section: string;
  readonly option: string;
  readonly value: string;
}

/**
 * Reads a buildout as zc.buildout 3 does: its own defaults, below the user's, below the file with all
 * that it extends, below the command line.
 *
 * @param userDefaults - `~/.buildout/default.cfg`, if it is there
 */
export async function readBuildout(
  path: string,
  words: {
    readonly overrides: readonly Override[];
    readonly userDefaults: string | undefined;
  },
): Promise<Buildout> {
  const cache = words.overrides.findLast(
    ({ section, option }) => section === 'buildout' && option === 'extends-cache',
  )?.value;
  const given =
    cache === undefined ? [] : [cacheFolder(cache, { from: resolve(path), main: resolve(path) })];
  const user: LoadedCfg =
    words.userDefaults === undefined
      ? { layers: [], files: [], missing: [], repeated: [], extendsCaches: given }
      : await loadCfg(words.userDefaults, { extendsCaches: given });
  const { extendsCaches } = user;
  const { layers, files, missing, repeated } = await loadCfg(resolve(path), { extendsCaches });
  const resolver = new Resolver([
    defaultsFor(resolve(path)),
    ...user.layers,
    ...layers,
    ...words.overrides.map(overrideLayer),
  ]);
  return {
    path: resolve(path),
    files: [...user.files, ...files],
    missing: [...user.missing, ...missing],
    repeated: [...user.repeated, ...repeated],
    sectionNames: resolver.sectionNames,
    section: (name) => resolver.section(name),
    optionNames: (section) => resolver.optionNames(section),
    option: (section, name) => resolver.option(section, name),
    originOf: (section, name) => resolver.originOf(section, name),
  };
}

/** Reads `section:option=value`; undefined where the text is none. */
export function parseOverride(text: string): Override | undefined {
  const match = /^(?:([^\s:=]*):)?([^\s:=]+?\s*[-+]?)=(.*)$/s.exec(text);
  const [, section, option, value] = match ?? [];
  if (option === undefined || value === undefined) return undefined;
  return { section: section || 'buildout', option, value };
}

function overrideLayer({ section, option, value }: Override): CfgSections {
  const given = { text: value, origin: { kind: 'command-line' } as const };
  return new Map([[section, new Map([[option, given]])]]);
}

/** What buildout itself sets in its section, as far as other options refer to it. */
function defaultsFor(path: string): CfgSections {
  const directory = dirname(path);
  const values: Readonly<Record<string, string>> = {
    directory,
    'bin-directory': 'bin',
    'parts-directory': 'parts',
    'eggs-directory': 'eggs',
    'develop-eggs-directory': 'develop-eggs',
    installed: '.installed.cfg',
    versions: 'versions',
    'log-level': 'INFO',
    newest: 'true',
    offline: 'false',
  };
  const section = new Map<string, CfgValue>();
  for (const [name, text] of Object.entries(values)) {
    section.set(name, { text, origin: { kind: 'default' } });
  }
  return new Map([['buildout', section]]);
}

/** Options of buildout's own that are paths: relative ones begin at its directory. */
const DIRECTORIES = [
  'bin-directory',
  'parts-directory',
  'eggs-directory',
  'develop-eggs-directory',
];

/** References, or macros, that lead to one another, one behind the other. */
const MAXIMUM_DEPTH = 200;
/** Layers of a section's macros; those of each macro count each time that it is named. */
const MAXIMUM_LAYERS = 2000;
/** Characters of a value: references to values with references double it with each of them. */
const MAXIMUM_TEXT = 1 << 20;

const REFERENCE = /\$\{([^}]*)\}/g;
const REFERENCE_WORDS = /^([a-zA-Z0-9 ._-]*):([a-zA-Z0-9 ._-]+)$/;

/** What a section says itself, without its macros. */
interface OwnOptions {
  readonly options: CfgSection;
  /** Options of which it adds to, or takes away from, what its macros may say. */
  readonly added: ReadonlySet<string>;
}

/** Follows macros and references; each value is resolved once. */
class Resolver {
  /** For each section the layers in which it was written, the lowest first. */
  readonly #layers = new Map<string, CfgSection[]>();
  readonly #own = new Map<string, OwnOptions>();
  readonly #unfolded = new Map<string, CfgSection>();
  readonly #resolved = new Map<string, string>();
  /** What is being resolved: a reference to any of it goes in a circle. */
  readonly #open: string[] = [];

  constructor(layers: readonly CfgSections[]) {
    for (const layer of layers) {
      for (const [name, section] of layer) {
        this.#layers.set(name, [...(this.#layers.get(name) ?? []), section]);
      }
    }
  }

  get sectionNames(): readonly string[] {
    return [...this.#layers.keys()];
  }

  section(name: string): CfgSection | undefined {
    if (!this.#layers.has(name)) return undefined;
    const resolved = new Map<string, CfgValue>();
    for (const [option, { origin }] of this.#unfold(name)) {
      resolved.set(option, { text: this.#value(name, option, origin), origin });
    }
    return resolved;
  }

  optionNames(section: string): readonly string[] {
    return this.#layers.has(section) ? [...this.#unfold(section).keys()] : [];
  }

  option(section: string, name: string): CfgValue | undefined {
    if (!this.#layers.has(section)) return undefined;
    const origin = this.#written(section, name)?.origin;
    if (origin === undefined) return undefined;
    return { text: this.#value(section, name, origin), origin };
  }

  /** Macros that can't be followed are another's fault. */
  originOf(section: string, name: string): Origin | undefined {
    return this.#ownOf(section).options.get(name)?.origin;
  }

  /** What a section sets itself goes above its macros: they needn't be there for it. */
  #written(section: string, name: string): CfgValue | undefined {
    const { options, added } = this.#ownOf(section);
    const value = added.has(name) ? undefined : options.get(name);
    return value ?? this.#unfold(section).get(name);
  }

  /** Asked for again with each option of each part. */
  #ownOf(section: string): OwnOptions {
    const known = this.#own.get(section);
    if (known !== undefined) return known;
    const layers = this.#layers.get(section) ?? [];
    const keys = layers.flatMap((layer) => [...layer.keys()]);
    const added = new Set(keys.filter((key) => baseName(key) !== key).map(baseName));
    const own = { options: flatten(layers), added };
    this.#own.set(section, own);
    return own;
  }

  #unfold(name: string): CfgSection {
    const known = this.#unfolded.get(name);
    if (known !== undefined) return known;
    const unfolded = new Map(flatten(this.#layersOf(name, [])));
    unfolded.delete('<');
    this.#unfolded.set(name, unfolded);
    return unfolded;
  }

  /** The layers of the macros that a section's `<` names, which may have macros, then its own. */
  #layersOf(name: string, through: readonly string[]): readonly CfgSection[] {
    const own = this.#layers.get(name) ?? [];
    const macros = own.findLast((layer) => layer.has('<'))?.get('<');
    if (macros === undefined) return own;
    const names = macros.text.split(/\s+/).filter((word) => word !== '');
    if (through.length >= MAXIMUM_DEPTH) throw tooDeep(`<= ${macros.text}`, macros.origin);
    const below = names.flatMap((macro) => {
      if ([...through, name].includes(macro)) throw inCircle(`<= ${macro}`, macros.origin);
      if (!this.#layers.has(macro)) throw notThere(`the section [${macro}]`, macros.origin);
      return this.#layersOf(macro, [...through, name]);
    });
    if (below.length > MAXIMUM_LAYERS) throw tooDeep(`<= ${macros.text}`, macros.origin);
    return [...below, ...own];
  }

  #value(section: string, option: string, from: Origin): string {
    const key = `${section}:${option}`;
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    if (option === '_buildout_section_name_') return section;
    if (!this.#layers.has(section)) throw notThere(`the section [${section}]`, from);
    const value = this.#written(section, option);
    if (value === undefined) throw notThere(`the option "${option}" of [${section}]`, from);
    if (this.#open.includes(key)) throw inCircle(`\${${key}}`, from);
    if (this.#open.length >= MAXIMUM_DEPTH) throw tooDeep(`\${${key}}`, from);
    this.#open.push(key);
    try {
      let length = value.text.length;
      const text = value.text.replace(REFERENCE, (whole, words: string) => {
        const [, other = '', name] = REFERENCE_WORDS.exec(words) ?? [];
        if (name === undefined) throw notReference(whole, value.origin);
        const referred = this.#value(other === '' ? section : other, name, value.origin);
        length += referred.length;
        if (length > MAXIMUM_TEXT) throw tooDeep(`\${${key}}`, value.origin);
        return referred;
      });
      const resolved = section === 'buildout' ? this.#absolute(option, text) : text;
      this.#resolved.set(key, resolved);
      return resolved;
    } finally {
      this.#open.pop();
    }
  }

  #absolute(option: string, text: string): string {
    if (!DIRECTORIES.includes(option)) return text;
    const directory = this.#value('buildout', 'directory', { kind: 'default' });
    return join(resolve(directory, text));
  }
}

function notThere(what: string, origin: Origin): Failure {
  return new Failure('usage', `Cannot resolve ${formatOrigin(origin)}: ${what} does not exist`, {
    hint: 'Define it, or correct the reference.',
  });
}

function inCircle(reference: string, origin: Origin): Failure {
  return new Failure(
    'usage',
    `Cannot resolve ${formatOrigin(origin)}: ${reference} leads back to itself`,
    {
      hint: 'Write out the value in one of the places.',
    },
  );
}

function tooDeep(what: string, origin: Origin): Failure {
  return new Failure(
    'usage',
    `Cannot resolve ${formatOrigin(origin)}: ${what} leads to too much, or too far`,
    { hint: 'Write out the value in one of the places.' },
  );
}

function notReference(text: string, origin: Origin): Failure {
  return new Failure('usage', `Cannot resolve ${formatOrigin(origin)}: "${text}" is no reference`, {
    hint: `A reference is \${section:option}, or \${:option} in the same section.`,
  });
}
