import { folderObjects } from './folder-objects.ts';
import { parseObjectPlace } from './object-place.ts';
import type { ObjectStore } from './object-store.ts';
import { bandwidthOf } from './transfer/bandwidth.ts';

/** How a place of objects is reached; what is left out is as usual there. A folder needs none of it but the first. */
export interface ObjectStoreSettings {
  /** What all transfers together may take: more than 0. */
  readonly bytesPerSecond?: number | undefined;
  /** URL of a server that speaks S3; else as the environment says, or Amazon's. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Whether the bucket stands in the path and not in the server's name; else where there is an endpoint. */
  readonly pathStyle?: boolean | undefined;
  /** A file as `~/.aws/credentials`; else whatever Amazon's programs would use. */
  readonly credentialsFile?: string | undefined;
  /** Which conditions the server keeps to, as somebody has found by trying; else both. */
  readonly conditions?: ObjectStore['conditions'] | undefined;
}

/**
 * Opens a place of objects, without a request to it. Failures: `usage` where nobody can tell what is meant, and those
 * of the file of credentials.
 *
 * @param place - as people write it: see {@link parseObjectPlace}
 */
export async function openObjectStore(
  place: string,
  settings: ObjectStoreSettings = {},
): Promise<ObjectStore> {
  const parsed = parseObjectPlace(place);
  switch (parsed.kind) {
    case 'folder':
      return folderObjects(parsed.path, { bandwidth: bandwidthOf(settings.bytesPerSecond) });
    case 's3': {
      // Only who uses a bucket waits until all of that is loaded.
      const { openS3 } = await import('./s3/open-s3.ts');
      const { conditions = 'both', ...access } = settings;
      return openS3({ ...parsed, ...access, conditions });
    }
    default:
      return parsed satisfies never;
  }
}
