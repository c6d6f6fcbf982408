import { pathOfDescriptor } from '../../../system/processes/open-files.ts';
import { quoteWord } from '../../../system/processes/shell.ts';
import type { RescueRemedy } from '../../../system/remedy.ts';
import type { RemedyTexts } from './remedy-text.ts';

export const RESCUE_REMEDIES: RemedyTexts<RescueRemedy['kind']> = {
  'rescue-data-fs': ({ before, dataFs, ...server }) => {
    const command = rescueCommand(server, dataFs);
    return before === 'backup'
      ? `Keep all users out of the site. Do not stop that process yet. Copy its file first: ${command}. Then stop the process, and rename the copy to "${dataFs}".`
      : `Keep all users out of the site, and copy that file before you stop the process: ${command}. It may hold more than any backup.`;
  },
};

/** What a person types to copy out the file that a server has open. It works for a deleted file, too. */
export function rescueCommand(
  { pid, descriptor }: Pick<RescueRemedy, 'pid' | 'descriptor'>,
  dataFs: string,
): string {
  return ['cp', pathOfDescriptor(pid, descriptor), `${dataFs}.rescued`].map(quoteWord).join(' ');
}
