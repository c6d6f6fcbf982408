import type { Site } from '../sites/site.ts';
import { runShell } from '../system/shell.ts';
import { type JobContext, programEvents } from './events.ts';

/** Runs the commands that a part wants before or after its work; they learn which work it is. */
export async function runSiteCommand(
  site: Site,
  {
    when,
    action,
    context,
  }: {
    readonly when: 'pre_command' | 'post_command';
    readonly action: 'backup' | 'restore';
    readonly context: JobContext;
  },
): Promise<void> {
  const script = when === 'pre_command' ? site.preCommand : site.postCommand;
  if (script.trim() === '') return;
  await runShell(script, {
    name: when,
    environment: { ZODBVAULT_ACTION: action, ZODBVAULT_PART: site.part },
    ...programEvents(context),
  });
}
