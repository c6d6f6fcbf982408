import { pathOfDescriptor } from '../../../system/processes/open-files.ts';
import { quoteWord } from '../../../system/processes/shell.ts';
import type { RescueRemedy } from '../../../system/remedy.ts';
import type { RemedyTexts } from './remedy-text.ts';

export const RESCUE_REMEDIES: RemedyTexts<RescueRemedy['kind']> = {
  'rescue-data-fs': ({ before, dataFs, ...server }) => {
    const command = rescueCommand(server, dataFs);
    const what = `The ${describeAstray(server, dataFs)}. Keep all users out of the site`;
    return before === 'backup'
      ? `${what}. Do not stop that process yet. Copy its file first: ${command}. Then stop the process, and rename the copy to "${dataFs}".`
      : `${what}, and copy that file before you stop the process: ${command}. It may hold more than any backup.`;
  },
};

/** What a person types to copy out the file that a server has open. It works for a deleted file, too. */
export function rescueCommand(
  { pid, descriptor }: Pick<RescueRemedy, 'pid' | 'descriptor'>,
  dataFs: string,
): string {
  return ['cp', pathOfDescriptor(pid, descriptor), `${dataFs}.rescued`].map(quoteWord).join(' ');
}

/** Which server writes elsewhere than into its Data.fs, and where: a sentence without its article and its end. */
export function describeAstray(
  { pid, path }: Pick<RescueRemedy, 'pid' | 'path'>,
  dataFs: string,
): string {
  const who = `process ${pid} is a server of "${dataFs}", but it does not write there`;
  return path === undefined
    ? `${who}: it writes into a file that was deleted, and is lost when the process ends`
    : `${who}: it writes into "${path}", since that file was renamed while it had it open`;
}
