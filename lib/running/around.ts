/** The container around a command that has entered it, as far as the command's end depends on it. */

import type { ContainerLimits } from './container-limits.js';

/** A container that others enter. */
export interface Around {
  /** Whether it has ended, or ends by something that happened before this call. It then has ended when this is told. */
  ends(): Promise<boolean>;
  /** Where it has limits. */
  readonly limits?: ContainerLimits | undefined;
}

/** Questions to a supervisor whether its container goes on. */
export class Asking {
  #last = 0;
  #waiting: readonly { readonly question: number; readonly tell: () => void }[] = [];

  /** Asks by `send`. Resolves with `true` when the supervisor says so; with `false` once it has `ended`. */
  goesOn(ended: Promise<unknown>, send: (question: number) => void): Promise<boolean> {
    return new Promise((resolve) => {
      this.#last += 1;
      this.#waiting = [...this.#waiting, { question: this.#last, tell: () => resolve(true) }];
      const over = (): void => resolve(false);
      ended.then(over, over);
      send(this.#last);
    });
  }

  /** The supervisor says that it goes on. What was asked later it has not answered. */
  stays(question: number): void {
    const answered = this.#waiting.filter((one) => one.question <= question);
    this.#waiting = this.#waiting.filter((one) => one.question > question);
    for (const { tell } of answered) tell();
  }
}
