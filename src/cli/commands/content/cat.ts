import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from '@commander-js/extra-typings';
import { dumpObject, readBlob } from '../../../operations/content/dump-object.ts';
import { Failure } from '../../../system/failure.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import { findContentPlace, withStateOptions } from '../../options/content-options.ts';
import { IDENTITY_OPTION } from '../../options/identity-files.ts';
import { MOMENT_FORMS } from '../../options/written-date.ts';
import type { CatResult } from '../../render/json/results/content/cat.ts';
import { FROM_OPTION } from '../../select/copied-sites.ts';
import { withSiteOptions } from '../../select/site-options.ts';
import { runCommand } from '../../terminal/run-command.ts';

export function addCatCommand(program: Command): void {
  const command = withSiteOptions(program.command('cat'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('<moment-or-object>', `when: ${MOMENT_FORMS}; alone: the object`)
    .argument('[object]', 'a path, as /Plone/news, or an oid, as 0x2a')
    .option('--blob', 'the bytes of its blob, to stdout');
  withOutputOptions(withStateOptions(command)).action((first, second, options) =>
    runCommand({ ...options, command }, async (running) => {
      const { terminal, signal } = running;
      const object = second ?? first;
      const moment = second === undefined ? undefined : first;
      const place = await findContentPlace(options, { moment, running });
      if (options.blob) {
        if (terminal.isJson) throw blobInJson();
        const bytes = Readable.from(readBlob(place, object));
        await pipeline(bytes, process.stdout, { end: false, signal });
        return undefined;
      }
      const dumped = await dumpObject(place, object);
      terminal.document.result<CatResult>({ object: dumped });
      if (!terminal.isJson) terminal.print(JSON.stringify(dumped, null, 2));
      return undefined;
    }),
  );
}

function blobInJson(): Failure {
  return new Failure('usage', 'Cannot print a blob as JSON', {
    hint: 'Leave out --json: --blob prints the bytes as they are.',
  });
}
