/* Where a worker thread begins. Each of these modules serves the requests of its name: see `system/workers`. */
import './blobs/copy-worker.ts';
import './blobs/tree-sums.ts';
