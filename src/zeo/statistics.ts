import { formatTid } from '../filestorage/tid.ts';
import type { State } from '../states/state.ts';

/** What clients have done with a storage. */
export class Statistics {
  readonly #begun = new Date();
  loads = 0;
  clients = 0;

  /** With the names that monitoring of ZEO servers reads (`zeo-nagios`); what only writers do has not happened. */
  of(state: State) {
    return {
      start: formatPythonTime(this.#begun),
      loads: this.loads,
      stores: 0,
      commits: 0,
      aborts: 0,
      active_txns: 0,
      lock_time: null,
      conflicts: 0,
      conflicts_resolved: 0,
      connections: this.clients,
      waiting: 0,
      'timeout-thread-is-alive': 'stub',
      'last-transaction': formatTid(state.tid),
    };
  }
}

/** As Python's `time.ctime()` writes it: `Mon Nov  3 09:20:00 2026`, in local time. */
function formatPythonTime(date: Date): string {
  const [weekday = '', month = '', , year = '', time = ''] = date.toString().split(' ');
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${time} ${year}`;
}
