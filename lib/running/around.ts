/** The container around a command that has entered it, as far as the command's end depends on it. */

/** A container that others enter. */
export interface Around {
  /** Whether it has ended, or ends by something that happened before this call. It then has ended when this is told. */
  ends(): Promise<boolean>;
}

/** Those who ask a supervisor whether its container goes on. */
export class Asking {
  readonly #ask: () => void;
  #waiting: readonly (() => void)[] = [];
  #later: readonly (() => void)[] = [];

  /** `ask` asks the supervisor, which answers unless the container ends. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /**
   * Resolves with `false` when the supervisor says so; with `true` once it has `ended`.
   *
   * One question is asked at a time. An answer that is on its way was given before who comes now had anything to ask
   * about: by then the end may have begun.
   */
  answered(ended: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const goesOn = (): void => resolve(false);
      const over = (): void => resolve(true);
      ended.then(over, over);
      if (this.#waiting.length > 0) this.#later = [...this.#later, goesOn];
      else this.#askFor([goesOn]);
    });
  }

  /** The supervisor says that it goes on. */
  stays(): void {
    const answered = this.#waiting;
    this.#askFor(this.#later);
    for (const tell of answered) tell();
  }

  #askFor(waiting: readonly (() => void)[]): void {
    this.#waiting = waiting;
    this.#later = [];
    if (waiting.length > 0) this.#ask();
  }
}
