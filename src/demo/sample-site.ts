import { type Oid, ROOT_OID } from '../filestorage/oid.ts';
import type { PythonValue } from '../filestorage/pickle/pickle-encoder.ts';
import type { Tid } from '../filestorage/tid.ts';
import type { Change, DatabaseWriter } from '../filestorage/writer/database-writer.ts';
import { type ObjectState, reference } from '../filestorage/writer/object-state.ts';
import type { Random } from './random.ts';
import { bodyText, title, words } from './text.ts';

const FOLDERS = ['news', 'events', 'people', 'projects', 'library', 'archive'] as const;
const USERS = ['/site admin', '/site ana', '/site björn', '/site chloé'] as const;

/** One edit in so many is undone at once. */
const EDITS_PER_UNDO = 5;

/**
 * A made-up site in a real database: folders with documents, keywords and files, written by several
 * people in many transactions, some of which are undone. For the demo, tests and measurements.
 */
export class SampleSite {
  readonly #writer: DatabaseWriter;
  readonly #random: Random;
  readonly #folders: readonly Folder[];
  #transactions = 0;
  #documents = 0;
  #blobs = 0;

  private constructor(settings: {
    readonly writer: DatabaseWriter;
    readonly random: Random;
    readonly folders: readonly Folder[];
  }) {
    this.#writer = settings.writer;
    this.#random = settings.random;
    this.#folders = settings.folders;
  }

  /** Makes the root, as ZODB does, then the empty folders. The database must be empty. */
  static async begin(writer: DatabaseWriter, random: Random): Promise<SampleSite> {
    const mapping = (entries: readonly (readonly [string, PythonValue])[]): ObjectState => ({
      kind: 'mapping',
      data: new Map(entries),
    });
    const set = (oid: Oid, state: ObjectState): Change => ({ kind: 'state', oid, state });
    const root = writer.newOid();
    if (root !== ROOT_OID) throw new RangeError('the database is not empty');
    await writer.commit({
      description: 'initial database creation',
      changes: [set(root, mapping([]))],
    });
    const site = writer.newOid();
    const folders = FOLDERS.map((name): Folder => ({ name, oid: writer.newOid(), entries: [] }));
    const links = folders.map(({ name, oid }) => [name, reference('mapping', oid)] as const);
    await writer.commit({
      user: USERS[0],
      description: '/site\n\nadd the site',
      changes: [
        set(root, mapping([['Application', reference('mapping', site)]])),
        set(site, mapping([['title', title(random)], ...links])),
        ...folders.map(({ oid }) => set(oid, mapping([]))),
      ],
    });
    const made = new SampleSite({ writer, random, folders });
    made.#transactions = 2;
    return made;
  }

  /** What there is by now. Undone transactions count. */
  get counts() {
    return {
      transactions: this.#transactions,
      objects: this.#writer.objectCount,
      documents: this.#documents,
      blobs: this.#blobs,
    };
  }

  /** Lets people work for so many transactions. */
  async grow(transactions: number): Promise<void> {
    const end = this.#transactions + transactions;
    while (this.#transactions < end) {
      const folder = this.#random.pick(this.#folders as [Folder, ...Folder[]]);
      const kind = this.#random.below(10);
      if (kind < 6 || folder.entries.length === 0) await this.#addDocuments(folder);
      else if (kind < 8) await this.#editDocuments(folder, end);
      else await this.#addFile(folder);
    }
  }

  async #addDocuments(folder: Folder): Promise<void> {
    const changes: Change[] = [];
    for (let count = 4 + this.#random.below(8); count > 0; count--) {
      const name = `document-${++this.#documents}`;
      const oid = this.#writer.newOid();
      const keywords = this.#writer.newOid();
      folder.entries.push({ kind: 'document', name, oid, keywords });
      changes.push(
        { kind: 'state', oid, state: this.#document({ name, keywords }) },
        {
          kind: 'state',
          oid: keywords,
          state: { kind: 'list', items: words(this.#random, 3).split(' ') },
        },
      );
    }
    changes.push(folderChange(folder));
    await this.#commit(`/site/${folder.name}\n\nadd documents`, changes);
  }

  async #editDocuments(folder: Folder, end: number): Promise<void> {
    const documents = folder.entries.filter((entry) => entry.kind === 'document');
    const edited = new Set(
      Array.from({ length: 3 }, () => documents[this.#random.below(documents.length)]),
    );
    const changes = [...edited].flatMap((document): Change[] =>
      document === undefined
        ? []
        : [{ kind: 'state', oid: document.oid, state: this.#document(document) }],
    );
    if (changes.length === 0) return;
    const tid = await this.#commit(`/site/${folder.name}\n\nedit`, changes);
    if (this.#transactions >= end || this.#random.below(EDITS_PER_UNDO) > 0) return;
    await this.#writer.undo(tid, { user: USERS[0], description: 'undo the edit' });
    this.#transactions += 1;
  }

  async #addFile(folder: Folder): Promise<void> {
    const name = `file-${++this.#blobs}`;
    const oid = this.#writer.newOid();
    const blob = this.#writer.newOid();
    folder.entries.push({ kind: 'file', name, oid });
    const data = new Map<string, PythonValue>([
      ['id', name],
      ['title', title(this.#random)],
      ['contentType', 'application/octet-stream'],
      ['file', reference('blob', blob)],
    ]);
    await this.#commit(`/site/${folder.name}/${name}\n\nupload`, [
      { kind: 'state', oid, state: { kind: 'mapping', data } },
      { kind: 'blob', oid: blob, content: this.#random.bytes(2000 + this.#random.below(60_000)) },
      folderChange(folder),
    ]);
  }

  #document({ name, keywords }: { readonly name: string; readonly keywords: Oid }): ObjectState {
    const random = this.#random;
    return {
      kind: 'mapping',
      data: new Map<string, PythonValue>([
        ['id', name],
        ['title', title(random)],
        ['text', bodyText(random, 300 + random.below(3000))],
        ['rating', random.next()],
        ['isPublic', random.below(2) === 0],
        ['keywords', reference('list', keywords)],
      ]),
    };
  }

  async #commit(description: string, changes: readonly Change[]): Promise<Tid> {
    const user = this.#random.pick(USERS);
    const tid = await this.#writer.commit({
      user,
      description,
      extension: new Map([['note', words(this.#random, 3)]]),
      changes,
    });
    this.#transactions += 1;
    return tid;
  }
}

interface Folder {
  readonly name: string;
  readonly oid: Oid;
  readonly entries: Entry[];
}

type Entry =
  | {
      readonly kind: 'document';
      readonly name: string;
      readonly oid: Oid;
      readonly keywords: Oid;
    }
  | { readonly kind: 'file'; readonly name: string; readonly oid: Oid };

function folderChange({ oid, entries }: Folder): Change {
  const data = new Map(entries.map((entry) => [entry.name, reference('mapping', entry.oid)]));
  return { kind: 'state', oid, state: { kind: 'mapping', data } };
}
