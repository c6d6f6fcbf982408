import type { Site } from '../../config/model/site.ts';
import { runShell } from '../../system/processes/shell.ts';
import { type JobContext, programEvents } from './events.ts';

/** Is told what a run came to, as soon as that is complete: the post_command that follows may fail. */
export type Report<Result> = (result: Result) => Promise<void> | void;

const SITUATIONS = {
  pre_command: { backup: 'Cannot go on:', restore: 'Cannot go on:' },
  post_command: { backup: 'The backup is complete, but', restore: 'The restore is complete, but' },
} as const;

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
    situation: SITUATIONS[when][action],
    environment: { ZODBVAULT_ACTION: action, ZODBVAULT_PART: site.part },
    ...programEvents(context),
  });
}
