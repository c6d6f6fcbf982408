import type { Command } from '@commander-js/extra-typings';
import { type HeldCopyLock, unlockPlace } from '../../../operations/places/copy-locks.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import { withBucketOptions, withKeyFileOptions } from '../../options/place-options.ts';
import { lockAsJson, type UnlockResult } from '../../render/json/results/places/unlock.ts';
import { renderLock } from '../../render/places/place-words.ts';
import { findPlace } from '../../select/meant-places.ts';
import { CONFIG_OPTION } from '../../select/select-buildout-part.ts';
import { ask } from '../../terminal/question.ts';
import { runCommand } from '../../terminal/run-command.ts';

export function addUnlockCommand(program: Command): void {
  const command = withBucketOptions(
    program
      .command('unlock')
      .argument(
        '<place>',
        'where the copies are: a folder, s3://..., sftp://..., or the name of a copy in the configuration',
      )
      .option('--site <name>', 'the site whose copy it is (default: all that are there)')
      .option('-n, --no-prompt', 'do not ask'),
  ).addOption(CONFIG_OPTION);
  withOutputOptions(withKeyFileOptions(command)).action((written, { site, prompt, ...options }) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal } = context;
      const { url: place, access } = await findPlace(written, options, context);
      const result = terminal.document.result<UnlockResult>({ place, locks: [] });
      const agrees = async (lock: HeldCopyLock): Promise<boolean> => {
        terminal.print(renderLock(lock));
        return !prompt || (await ask('unlock', context)) === 'yes';
      };
      for (const { lock, isEnded } of await unlockPlace(place, { ...access, site, agrees })) {
        result.locks.push(lockAsJson(lock, isEnded ? 'done' : 'declined'));
        terminal.print(isEnded ? `${lock.site}: unlocked` : `${lock.site}: still locked`);
      }
      if (result.locks.length === 0) terminal.print('Nothing is locked there.');
      return undefined;
    }),
  );
}
