import type { Command } from '@commander-js/extra-typings';
import { type ListedChild, listFolder } from '../../../operations/content/list-folder.ts';
import { oneLine, oneLineWithin } from '../../format/one-line.ts';
import { printTable } from '../../format/table.ts';
import { formatBytes, formatUtcTime } from '../../format/units.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import {
  findContentPlace,
  splitMomentAndPath,
  withStateOptions,
} from '../../options/content-options.ts';
import { IDENTITY_OPTION } from '../../options/identity-files.ts';
import { MOMENT_FORMS } from '../../options/written-date.ts';
import { describeEntry, TITLE_WIDTH, typeOf } from '../../render/content.ts';
import { type LsResult, listedAsJson } from '../../render/json/results/content/ls.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import { FROM_OPTION } from '../../select/copied-sites.ts';
import { withSiteOptions } from '../../select/site-options.ts';
import { runCommand } from '../../terminal/run-command.ts';

export function addLsCommand(program: Command): void {
  const command = withSiteOptions(program.command('ls'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[moment]', `when: ${MOMENT_FORMS}`)
    .argument('[path]', 'a folder, as in /Plone/news; default: the top');
  withOutputOptions(withStateOptions(command)).action((first, second, options) =>
    runCommand({ ...options, command }, async (running) => {
      const { terminal, signal } = running;
      const { moment, path = '/' } = splitMomentAndPath(first, second);
      const result = terminal.document.result<LsResult>({ path, children: [] });
      const place = await findContentPlace(options, { moment, running });
      const children: ListedChild[] = [];
      for await (const child of listFolder(place, path)) children.push(child);
      for (const child of children) {
        if (terminal.isJson) result.children.push(listedAsJson(child));
        const { path: where, entry } = child;
        const reason = describeEntry(entry);
        if (reason !== undefined)
          renderWarning(
            { kind: 'warning', code: 'object-not-followed', path: where, reason },
            terminal,
          );
      }
      if (terminal.isJson) return undefined;
      const head = ['Name', 'Type', 'Title', 'Written (UTC)', 'Record'];
      const alignment = ['left', 'left', 'left', 'left', 'right'] as const;
      await printTable({ head, alignment, rows: children.map(rowOf) }, { terminal, signal });
      return undefined;
    }),
  );
}

function rowOf({ name, entry }: ListedChild): readonly string[] {
  if (entry.kind !== 'object') {
    const type = entry.kind === 'inside' ? (entry.className ?? '') : '–';
    return [oneLine(name), oneLine(type), '', '', ''];
  }
  return [
    oneLine(name),
    oneLine(typeOf(entry)),
    oneLineWithin(entry.title ?? '', TITLE_WIDTH),
    formatUtcTime(entry.written),
    formatBytes(entry.sizeBytes),
  ];
}
