import type { Store } from './store.ts';

/** All that a store does, each as it does it: for who spreads it, and does some of it otherwise. */
export function forwardingTo(store: Store): Store {
  return {
    name: store.name,
    localFolder: store.localFolder,
    nameOf: (name) => store.nameOf(name),
    location: () => store.location(),
    isAt: (location) => store.isAt(location),
    requireThere: () => store.requireThere(),
    list: () => store.list(),
    entries: () => store.entries(),
    look: (name) => store.look(name),
    useOf: (name) => store.useOf(name),
    read: (name, range) => store.read(name, range),
    open: (name) => store.open(name),
    tree: (name) => store.tree(name),
    stage: (name, content, options) => store.stage(name, content, options),
    append: (name, addition) => store.append(name, addition),
    rename: (renamings) => store.rename(renamings),
    remove: (...names) => store.remove(...names),
    removeTree: (name) => store.removeTree(name),
    link: (name, to) => store.link(name, to),
    linkedTo: (name) => store.linkedTo(name),
    lock: (request) => store.lock(request),
    hold: (request) => store.hold(request),
    holder: () => store.holder(),
    wasLocked: () => store.wasLocked(),
    recoverTrees: () => store.recoverTrees(),
    isWritable: () => store.isWritable(),
  };
}
