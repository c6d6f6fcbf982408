import type { Command } from '@commander-js/extra-typings';
import { type FoundObject, findObjects } from '../../../operations/content/find-objects.ts';
import { oneLine, oneLineWithin } from '../../format/one-line.ts';
import { printTable } from '../../format/table.ts';
import { formatUtcTime } from '../../format/units.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import {
  findContentPlace,
  splitMomentAndPath,
  withStateOptions,
} from '../../options/content-options.ts';
import { IDENTITY_OPTION } from '../../options/identity-files.ts';
import { MOMENT_FORMS, readEdge } from '../../options/written-date.ts';
import { TITLE_WIDTH, typeOf } from '../../render/content.ts';
import { type FindResult, foundAsJson } from '../../render/json/results/content/find.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import { FROM_OPTION } from '../../select/copied-sites.ts';
import { withSiteOptions } from '../../select/site-options.ts';
import { runCommand } from '../../terminal/run-command.ts';

export function addFindCommand(program: Command): void {
  const command = withSiteOptions(program.command('find'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[moment]', `when: ${MOMENT_FORMS}`)
    .argument('[path]', 'where to begin, as in /Plone/news; default: the top')
    .option('--type <type>', 'those of a portal type, as Document, or of a class')
    .option('--name <pattern>', 'those whose id is like that: * is any text, ? is one character')
    .option('--changed-since <date>', 'those whose record was written then or later');
  withOutputOptions(withStateOptions(command)).action((first, second, options) =>
    runCommand({ ...options, command }, async (running) => {
      const { terminal, signal } = running;
      const { moment, path = '/' } = splitMomentAndPath(first, second);
      const result = terminal.document.result<FindResult>({ objects: [] });
      const { type, name, changedSince } = options;
      const since =
        changedSince === undefined
          ? undefined
          : readEdge(changedSince, { edge: 'start', terminal });
      const found: FoundObject[] = [];
      const objects = findObjects(await findContentPlace(options, { moment, running }), {
        path,
        filter: { type, name, changedSince: since },
        onUnfollowed: (one) =>
          renderWarning({ kind: 'warning', code: 'object-not-followed', ...one }, terminal),
      });
      for await (const object of objects) {
        if (terminal.isJson) result.objects.push(foundAsJson(object));
        else found.push(object);
      }
      if (terminal.isJson) return undefined;
      if (found.length === 0) terminal.log('No object is like that');
      const head = ['Path', 'Type', 'Title', 'Written (UTC)'];
      if (found.length > 0)
        await printTable({ head, rows: found.map(rowOf) }, { terminal, signal });
      return undefined;
    }),
  );
}

function rowOf(found: FoundObject): readonly string[] {
  return [
    oneLine(found.path),
    oneLine(typeOf(found)),
    oneLineWithin(found.title ?? '', TITLE_WIDTH),
    formatUtcTime(found.written),
  ];
}
