import { basename, resolve } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import { type ExportResult, exportObject } from '../../../operations/content/export-object.ts';
import { Failure } from '../../../system/failure.ts';
import { refuseTaken, writeNewFile } from '../../../system/files/new-file.ts';
import { oneLine } from '../../format/one-line.ts';
import { count, formatBytes, formatUtcMoment } from '../../format/units.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import {
  findContentPlace,
  splitMomentAndPath,
  withStateOptions,
} from '../../options/content-options.ts';
import { IDENTITY_OPTION } from '../../options/identity-files.ts';
import { MOMENT_FORMS } from '../../options/written-date.ts';
import { importScript } from '../../render/import-script.ts';
import { type ExportResultJson, exportAsJson } from '../../render/json/results/content/export.ts';
import { describeStop } from '../../render/stops.ts';
import { FROM_OPTION } from '../../select/copied-sites.ts';
import { withSiteOptions } from '../../select/site-options.ts';
import { runCommand } from '../../terminal/run-command.ts';
import type { Terminal } from '../../terminal/terminal.ts';

export function addExportCommand(program: Command): void {
  const command = withSiteOptions(program.command('export'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[moment]', `when: ${MOMENT_FORMS}`)
    .argument('[path]', 'what to export, as /Plone/news/item')
    .option('-o, --output <file>', 'the file to write (default: its id with .zexp)')
    .addOption(
      new Option(
        '--cut <attribute>',
        'leave out what this attribute leads to: it becomes None',
      ).argParser((name: string, others: readonly string[] = []) => [...others, name]),
    );
  withOutputOptions(withStateOptions(command)).action((first, second, options) =>
    runCommand({ ...options, command }, async (running) => {
      const { terminal } = running;
      const { moment, path } = splitMomentAndPath(first, second);
      if (path === undefined) throw pathIsMissing();
      const place = await findContentPlace(options, { moment, running });
      const file = resolve(options.output ?? `${basename(path)}.zexp`);
      const script = `${file}.import.py`;
      await refuseTaken(script);
      const exported = await exportObject(place, { path, file, leaveOut: options.cut ?? [] });
      const result = terminal.document.result<ExportResultJson>(exportAsJson(exported));
      if (exported.sizeBytes === undefined) throw refuse(exported, terminal);
      const { path: where, asOf } = exported;
      const text = importScript({ fileName: basename(file), path: where, asOf });
      await writeNewFile(script, Buffer.from(text), { isNew: true });
      result.file = file;
      result.script = script;
      sayHow(exported, { file, script, terminal });
      return undefined;
    }),
  );
}

function pathIsMissing(): Failure {
  return new Failure('usage', 'Cannot tell what to export: no path is named', {
    hint: 'Name a path, as in: zodbvault export latest /Plone/news/item -o item.zexp.',
  });
}

/** Stops that are shown at most. */
const SHOWN = 20;

function refuse({ path, stops }: ExportResult, { print, isJson }: Terminal): Failure {
  if (!isJson) {
    for (const stop of stops.slice(0, SHOWN)) print(` ${oneLine(describeStop(path, stop))}`);
    if (stops.length > SHOWN) print(` and ${stops.length - SHOWN} more`);
  }
  const what =
    stops.length === 1 ? 'an attribute in it leads' : `${stops.length} attributes in it lead`;
  return new Failure('refused', `Cannot export "${path}": ${what} elsewhere`, {
    hint: 'No file was written. Leave out what is not needed with --cut and the name of an attribute, or export a part of it.',
  });
}

function sayHow(
  { path, asOf, objects, contents, blobs, blobBytes, cut, python, sizeBytes = 0 }: ExportResult,
  {
    file,
    script,
    terminal: { log },
  }: { readonly file: string; readonly script: string; readonly terminal: Terminal },
): void {
  const parts = [
    count(objects, 'object'),
    ...(contents > 0 ? [`${contents} of them content`] : []),
    ...(blobs > 0 ? [`${count(blobs, 'blob')} of ${formatBytes(blobBytes)}`] : []),
    ...(cut > 0 ? [`something left out in ${cut}`] : []),
  ];
  log(`Exported ${path} as of ${formatUtcMoment(asOf)}: ${parts.join(', ')}`);
  log(`Wrote ${file}, ${formatBytes(sizeBytes)}, and ${script}`);
  log(`It is for Python ${python}, and needs the add-ons that the site had.`);
  log('To import it with a check of ids and UIDs, and with new entries in the catalog:');
  log(`    bin/instance run ${script} /Plone/FOLDER`);
  log(
    'With --new-uids, it becomes a copy beside what is still there. Or in the ZMI: put the file into',
  );
  log('the folder "import" of the instance, open the folder in the ZMI, and choose Import/Export.');
}
