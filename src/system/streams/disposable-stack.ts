/** Things to dispose of together, the last first: AsyncDisposableStack, which Node 20 lacks. */
export class DisposableStack implements AsyncDisposable {
  #things: AsyncDisposable[] = [];

  use<Thing extends AsyncDisposable | undefined>(thing: Thing): Thing {
    if (thing !== undefined) this.#things.push(thing);
    return thing;
  }

  /** Hands everything over to another, which disposes of it. */
  move(): DisposableStack {
    const other = new DisposableStack();
    other.#things = this.#things;
    this.#things = [];
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const thing of this.#things.splice(0).reverse()) {
      try {
        await thing[Symbol.asyncDispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
