import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { TOML_NAME } from '../../../config/discover/discovery.ts';
import type { Site } from '../../../config/model/site.ts';
import { tomlTemplate } from '../../../config/toml/template.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { isTaken } from '../../../system/files/presence.ts';
import { count } from '../../format/units.ts';
import { OPTION, withOutputOptions } from '../../options/common-options.ts';
import type { InitResult } from '../../render/json/results/init.ts';
import { findAnySites } from '../../select/select-site.ts';
import { withPlaceOptions } from '../../select/site-options.ts';
import { runCommand } from '../../terminal/run-command.ts';

export function addInitCommand(program: Command): void {
  const command = withPlaceOptions(program.command('init')).addOption(OPTION.dryRun);
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async ({ terminal }) => {
      const path = resolve(TOML_NAME);
      if (await isTaken(path)) throw thereAlready(path);
      const { found } = await findAnySites(options, { terminal, purpose: 'backup' });
      const site = found.kind === 'configured' ? found.sites[0] : undefined;
      const one = found.kind === 'plain' ? found.site : site;
      if (one === undefined) {
        throw new Failure('usage', `Cannot write "${path}": the buildout says everything`, {
          hint: 'Set the options in its backup part; "zodbvault config" shows them.',
        });
      }
      const text = tomlTemplate(one.site, {
        folder: dirname(path),
        blobs: options.blobs ? 'as-found' : 'left-out',
      });
      if (options.dryRun) {
        terminal.document.result<InitResult>({ outcome: 'planned', path, content: text });
        terminal.print(text);
        return undefined;
      }
      // Another may have written one since: nothing is ever replaced.
      await withSystemErrors(`write "${path}"`, async () => {
        await using file = await open(path, 'wx');
        await file.writeFile(text);
        await file.sync();
      });
      terminal.document.result<InitResult>({ outcome: 'done', path });
      terminal.log(
        `Wrote ${path}. "zodbvault config" shows what it says, "zodbvault backup" does it.`,
      );
      terminal.log(whatStays(one.site));
      return undefined;
    }),
  );
}

/** A file that nobody has thought about must not make anything go. */
function whatStays({ keep }: Site): string {
  if (keep === 0)
    return 'All backups stay, as before. To delete older full backups, write a number there, for example keep = 3.';
  return `As before, ${count(keep, 'full backup')} and their increments stay (keep). Each backup deletes older ones.`;
}

function thereAlready(path: string): Failure {
  return new Failure('refused', `Cannot write "${path}": it already exists`, {
    hint: 'Change it with an editor, or move it away first.',
  });
}
