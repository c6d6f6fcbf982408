import { homedir } from 'node:os';
import { foreignText } from '../../config/schedule/crontab.ts';
import { type ForeignLine, linesThatRun, pathsLike } from '../../config/schedule/foreign-lines.ts';
import type { ScheduledJob } from '../../config/schedule/scheduled-job.ts';
import { Failure } from '../../system/failure.ts';
import { leadToOne } from '../../system/files/place.ts';
import { findProgram } from '../../system/processes/programs.ts';
import { readCrontab } from '../../system/processes/user-crontab.ts';

/** A job, and the line of somebody else that runs its script already. */
export interface ScheduledElsewhere {
  readonly job: ScheduledJob;
  readonly line: ForeignLine;
}

/** Finds what is scheduled already: two runs of one script at once end with an error. */
export async function findScheduledElsewhere(
  jobs: readonly ScheduledJob[],
  {
    lines,
    program,
    signal,
  }: {
    /** Lines that are known beside those of this user's crontab. */
    readonly lines: readonly ForeignLine[];
    /** The words that run zodbvault: what begins with them is no script. */
    readonly program: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<readonly ScheduledElsewhere[]> {
  const ofScripts = jobs.filter(({ argv }) => argv[0] !== program[0]);
  if (ofScripts.length === 0) return [];
  const all = [...lines, ...(await linesOfCrontab(signal))];
  const found: ScheduledElsewhere[] = [];
  for (const job of ofScripts) {
    const line = await lineFor(job, all);
    if (line !== undefined) found.push({ job, line });
  }
  return found;
}

async function lineFor(
  { argv: [script = ''] }: ScheduledJob,
  lines: readonly ForeignLine[],
): Promise<ForeignLine | undefined> {
  const isOdd = /[\s'"]/.test(script);
  for (const line of lines) {
    if (isOdd && line.text.includes(script)) return line;
    for (const path of pathsLike(script, { line: line.text, home: homedir() })) {
      if (await leadToOne(path, script)) return line;
    }
  }
  return undefined;
}

/** What can't be read is said where it is to be changed. */
async function linesOfCrontab(signal: AbortSignal): Promise<readonly ForeignLine[]> {
  if ((await findProgram('crontab')) === undefined) return [];
  try {
    const texts = linesThatRun(foreignText(await readCrontab(signal)));
    return texts.map((text) => ({ text, by: 'the crontab' }));
  } catch (error) {
    if (error instanceof Failure && error.code !== 'interrupted') return [];
    throw error;
  }
}
