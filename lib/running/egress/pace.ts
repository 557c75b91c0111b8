/** How much a container may ask of Node in a while. What is beyond waits in the kernel, or is lost there. */

const WHILE_MS = 100;

export class Pace {
  readonly #most: number;
  readonly #rest: () => void;
  readonly #goOn: () => void;
  #began = 0;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param most So many in a tenth of a second.
   * @param rest Is called when these are there; `goOn` when the tenth is over.
   */
  constructor(most: number, rest: () => void, goOn: () => void) {
    this.#most = most;
    this.#rest = rest;
    this.#goOn = goOn;
  }

  /** One more. */
  count(): void {
    const now = performance.now();
    if (now - this.#began >= WHILE_MS) {
      this.#began = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count !== this.#most) return;
    this.#rest();
    this.#timer = setTimeout(this.#goOn, WHILE_MS - (now - this.#began)).unref();
  }

  /** It is not gone on with. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
