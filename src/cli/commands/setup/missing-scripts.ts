import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RecipePart } from '../../../config/recipe/recipe-part.ts';
import { decodeScript } from '../../../config/recipe/script-text.ts';
import {
  isScriptName,
  SCRIPTS,
  type ScriptName,
  scriptFileName,
} from '../../../config/resolve/script-names.ts';
import { type ForeignLine, pathsLike } from '../../../config/schedule/foreign-lines.ts';
import { readSmallFileIfFit } from '../../../system/files/small-file.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** The options without which a part has no such script; the others are always there. */
const WANTED_BY: Readonly<Partial<Record<ScriptName, string>>> = {
  fullbackup: 'enable_fullbackup = true',
  zipbackup: 'enable_zipbackup = true',
  ziprestore: 'enable_zipbackup = true',
  snapshotrestore: 'enable_snapshotrestore = true',
  altrestore: 'alternative_restore_source',
};

/** Warns of lines of a crontab that run a script which no part wants, and nobody else has made: cron would fail. */
export async function adviseOfMissingScripts(
  parts: readonly RecipePart[],
  { lines, terminal }: { readonly lines: readonly ForeignLine[]; readonly terminal: Terminal },
): Promise<void> {
  const wanted = parts.flatMap(({ site, bin, scripts }) =>
    scripts.map((name) => join(bin, scriptFileName(site.part, name))),
  );
  for (const { site, bin } of parts) {
    for (const name of Object.keys(SCRIPTS).filter(isScriptName)) {
      const path = join(bin, scriptFileName(site.part, name));
      const line = lines.find(({ text }) =>
        pathsLike(path, { line: text, home: homedir() }).includes(path),
      );
      if (line === undefined || wanted.includes(path) || (await isMadeByOthers(path))) continue;
      const missing = { part: site.part, script: path, by: line.by, wantedBy: WANTED_BY[name] };
      renderWarning({ kind: 'advice', code: 'missing-script', ...missing }, terminal);
    }
  }
}

/** What `install` has written goes when no part wants it any more. */
async function isMadeByOthers(path: string): Promise<boolean> {
  const text = await readSmallFileIfFit(path);
  return text !== undefined && decodeScript(text) === undefined;
}
