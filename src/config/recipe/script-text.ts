import { decodeSite, type Site } from '../model/site.ts';
import { isScriptName, type ScriptName } from '../resolve/script-names.ts';

/** What a script in the buildout's bin folder does, and with which settings. */
export interface Script {
  readonly name: ScriptName;
  readonly site: Site;
  /** The folder that it was written into. */
  readonly bin: string;
}

const MARK = '# zodbvault-script: ';
/** Grows when a script of an older form can't be run any more. */
const FORMAT = 1;

/**
 * A script that runs from any directory and with an empty environment: it names the programs by
 * their absolute paths and carries the settings, as the recipe's scripts do.
 *
 * @param program - the words that run zodbvault
 */
export function encodeScript({ name, site, bin }: Script, program: readonly string[]): string {
  return [
    '#!/bin/sh',
    '# Written by "zodbvault install": what is changed here is lost with the next one.',
    `exec ${program.map(shellWord).join(' ')} script "$0" "$@"`,
    `${MARK}${JSON.stringify({ format: FORMAT, name, bin, site })}`,
    '',
  ].join('\n');
}

/** Undefined where the text is no script of ours, or of another version. */
export function decodeScript(text: string): Script | undefined {
  const line = text.split('\n').find((one) => one.startsWith(MARK));
  if (line === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line.slice(MARK.length));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, name, bin, site } = value as Readonly<Record<string, unknown>>;
  const decoded = decodeSite(site);
  if (format !== FORMAT || decoded === undefined || !isScriptName(name)) return undefined;
  return typeof bin === 'string' ? { name, site: decoded, bin } : undefined;
}

/** Whether collective.recipe.backup wrote this script. */
export function isRecipeScript(text: string): boolean {
  return /^import collective\.recipe\.backup/m.test(text);
}

/** The `repozo` beside the scripts, where the buildout has none. */
export function encodeRepozo(program: readonly string[]): string {
  return [
    '#!/bin/sh',
    '# Written by "zodbvault install": repozo, without Python.',
    `exec ${program.map(shellWord).join(' ')} repozo "$@"`,
    '',
  ].join('\n');
}

export function isOurRepozo(text: string): boolean {
  return text.includes('# Written by "zodbvault install": repozo');
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
