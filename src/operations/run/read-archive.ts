import { stat } from 'node:fs/promises';
import {
  type InspectedArchive,
  inspectArchive,
  type ListedFolder,
} from '../../blobs/archive/inspect-archive.ts';
import { type JobContext, withStep } from './events.ts';

/** Reads an archive of blobs to its end, as a step of a job. Failures: those of {@link inspectArchive}. */
export async function readArchive(
  path: string,
  {
    context,
    ...visitor
  }: {
    readonly context: JobContext;
    readonly onFolder?: (folder: ListedFolder) => void;
    readonly onFile?: (path: string, sizeBytes: number) => void;
  },
): Promise<InspectedArchive> {
  const { signal } = context;
  const status = await stat(path).catch(() => undefined);
  return withStep(context, {
    step: 'verify',
    totalBytes: status?.size,
    work: (progress) => inspectArchive(path, { signal, progress, ...visitor }),
  });
}
