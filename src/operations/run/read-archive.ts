import {
  type InspectedArchive,
  inspectArchive,
  type ListedFolder,
} from '../../blobs/archive/inspect-archive.ts';
import type { Store } from '../../stores/store.ts';
import { type JobContext, withStep } from './events.ts';

/** Reads an archive of blobs to its end, as a step of a job. Failures: those of {@link inspectArchive}. */
export async function readArchive(
  name: string,
  {
    store,
    context,
    ...visitor
  }: {
    readonly store: Store;
    readonly context: JobContext;
    readonly onFolder?: (folder: ListedFolder) => void;
    readonly onFile?: (path: string, sizeBytes: number) => void;
  },
): Promise<InspectedArchive> {
  const { signal } = context;
  await using file = await store.open(name);
  return await withStep(context, {
    step: 'verify',
    totalBytes: file.sizeBytes,
    work: (progress) => inspectArchive(file, { signal, progress, ...visitor }),
  });
}
