/** The container around a command that has entered it, as far as the command's end depends on it. */

/** A container that others enter. */
export interface Around {
  /** Whether it has ended, or ends by something that happened before this call. It then has ended when this is told. */
  ends(): Promise<boolean>;
}

/** Those who have asked a supervisor whether its container goes on. */
export class Asking {
  readonly #waiting: (() => void)[] = [];

  /** Resolves with `false` when the supervisor says so; with `true` once it has `ended`. */
  answered(ended: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(false));
      const over = (): void => resolve(true);
      ended.then(over, over);
    });
  }

  /** The supervisor says that it goes on. */
  stays(): void {
    for (const tell of this.#waiting.splice(0)) tell();
  }
}
