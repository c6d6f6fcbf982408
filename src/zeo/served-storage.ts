import type { State } from '../states/state.ts';

/** A storage under the name by which clients ask for it. */
export interface ServedStorage {
  /** `1` is what clients ask for by default. */
  readonly name: string;
  readonly state: State;
  /** Whether it has blobs at all, wherever they are. */
  readonly hasBlobs: boolean;
}
