import { dirname, resolve } from 'node:path';
import type { ConfFile, ConfSection, ConfValue } from '../../../config/zconfig/conf-file.ts';

/** The `zope.conf` of a live instance, as it is written, and what it says. */
export interface LiveConf {
  readonly file: string;
  readonly text: string;
  readonly conf: ConfFile;
}

/** Sections that a copy has its own of, or does without: where it logs, what calls it by itself, who may reach it. */
const LEFT_OUT = /^(zodb[_-]db|eventlog|logger|trace|clock-server|.*-server)$/;
/** The same for keys: each names a place or a user of the live instance. */
const LEFT_OUT_KEYS = /^(clienthome|pid-filename|lock-filename|effective-user|port-base)$/i;
/** Variables of its `<environment>` that name folders in which it writes. */
const WRITTEN_FOLDERS = /^(\s*CHAMELEON_CACHE\s+).*$/i;

/** An address, a path from the root and a variable stay as they are. */
const RELATIVE_INCLUDE = /^(\s*%include\s+)(?![a-z][a-z0-9+.-]+:|[/$])(\S+)\s*$/i;

/** The lines that the copy in a folder has, too. */
export function keptLines(live: LiveConf, home: string): readonly string[] {
  const folder = dirname(live.file);
  return linesOfBoth(live).map((line) =>
    line
      .replace(WRITTEN_FOLDERS, (_, key: string) => `${key}${home}/cache`)
      .replace(
        RELATIVE_INCLUDE,
        (_, key: string, path: string) => `${key}${resolve(folder, path)}`,
      ),
  );
}

/** Keys that a live instance has, and its copy does without, as their values can't be had. */
export function keysWithoutValue(live: LiveConf): readonly string[] {
  return valuesIn(live.conf)
    .filter((value) => lineWithoutValue(value, live) !== undefined)
    .map(({ key }) => key)
    .filter((key) => !LEFT_OUT_KEYS.test(key));
}

function linesOfBoth(live: LiveConf): readonly string[] {
  const { text, conf } = live;
  const unset = new Set(
    [...conf.defines, ...valuesIn(conf)].flatMap((value) => lineWithoutValue(value, live) ?? []),
  );
  const kept: string[] = [];
  let depth = 0;
  let isLeftOut = false;
  for (const [place, line] of text.split(/\r\n|\r|\n/).entries()) {
    const [, slash, type = '', isEmpty] =
      /^\s*<\s*(\/)?\s*([^\s<>/]+)[^<>]*?(\/)?\s*>\s*$/.exec(line) ?? [];
    const isSection = type !== '';
    if (isSection && slash === undefined) {
      if (depth === 0) isLeftOut = LEFT_OUT.test(type.toLowerCase());
      depth += 1;
    }
    const isKey = depth === 0 && LEFT_OUT_KEYS.test(line.trim().split(/\s/)[0] ?? '');
    if (!(depth > 0 && isLeftOut) && !isKey && !unset.has(place + 1)) kept.push(line);
    if (isSection && (slash !== undefined || isEmpty !== undefined)) depth -= 1;
  }
  return kept;
}

/**
 * The line of a value of the file itself that can't be had. Mostly, a variable of the environment is set for the live
 * server alone, as in a container by its entrypoint; Zope doesn't start where one is missing.
 */
function lineWithoutValue({ value, origin }: ConfValue, { file }: LiveConf): number | undefined {
  const isOwn = origin.kind === 'line' && origin.file === file;
  return value.kind === 'wrong' && isOwn ? origin.line : undefined;
}

function valuesIn({ values, sections }: ConfSection): readonly ConfValue[] {
  return [...values, ...sections.flatMap(valuesIn)];
}
