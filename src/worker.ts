/* Where a worker thread begins. Each of these modules serves the requests of its name: see `system/processes/workers`. */
import './blobs/copy/copy-worker.ts';
import './blobs/checksums/tree-checksums.ts';
