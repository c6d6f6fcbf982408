import { formatTidTime } from '../../filestorage/tid.ts';
import { encodeExport } from '../../objects/export/encode-export.ts';
import { type ExportPlan, planExport } from '../../objects/export/plan-export.ts';
import type { Stop } from '../../objects/export/stop.ts';
import { CHUNK_BYTES } from '../../system/files/byte-source.ts';
import { NewFile, refuseTaken } from '../../system/files/new-file.ts';
import { inChunksOf } from '../../system/streams/pipeline.ts';
import { type ContentPlace, openContent } from './content-place.ts';
import { locatePath } from './locate-path.ts';

/** What was exported, or what kept it from being exported. */
export interface ExportResult
  extends Pick<ExportPlan, 'contents' | 'blobs' | 'blobBytes' | 'python'> {
  /** Of the exported object, as it was found. */
  readonly path: string;
  /** When the last transaction of the state was that it comes from, ISO 8601, UTC. */
  readonly asOf: string;
  readonly objects: number;
  /** In how many objects something was left out. */
  readonly cut: number;
  readonly stops: readonly Stop[];
  /** Of the file; undefined where none was written. */
  readonly sizeBytes: number | undefined;
}

/**
 * Exports an object with all that belongs to it into a new file. Where it leads to something that must not come with
 * it, no file is written. Failures: `refused`, where the file is there; those of {@link planExport}, and of
 * {@link openContent}.
 */
export async function exportObject(
  place: ContentPlace,
  {
    path,
    file,
    leaveOut,
  }: { readonly path: string; readonly file: string; readonly leaveOut: readonly string[] },
): Promise<ExportResult> {
  await refuseTaken(file);
  await using opened = await openContent(place);
  const { state } = opened;
  const item = await locatePath(state, path);
  const { signal } = place.context;
  const plan = await planExport(state, item, { leaveOut, onObject: () => signal.throwIfAborted() });
  const { contents, blobs, blobBytes, python, stops } = plan;
  const result = {
    path: item.path,
    asOf: formatTidTime(state.tid),
    objects: plan.objects.length,
    cut: plan.cuts.size,
    ...{ contents, blobs, blobBytes, python, stops },
  };
  if (stops.length > 0) return { ...result, sizeBytes: undefined };
  await using written = await NewFile.create(file);
  // Most records are small, and each write goes to a thread and back.
  await written.write(inChunksOf(untilStopped(encodeExport(state, plan), signal), CHUNK_BYTES));
  await written.complete();
  await written.publishAsNew();
  return { ...result, sizeBytes: written.sizeBytes };
}

async function* untilStopped(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}
