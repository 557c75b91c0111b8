/** Somebody at a container's terminal: types, and waits for what is shown. */

import type { ContainerProcess } from 'carrel';

export class Screen {
  readonly #child: ContainerProcess;
  #unread = '';
  #over = false;
  #changed: () => void = () => undefined;

  constructor(child: ContainerProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', (text: string) => {
      this.#unread += text;
      this.#changed();
    });
    child.stdout?.once('close', () => {
      this.#over = true;
      this.#changed();
    });
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Waits until `pattern` is shown. Returns all up to and including it; what follows is for the next time. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.#unread);
      if (match !== null) {
        const end = match.index + match[0].length;
        const shown = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end);
        return shown;
      }
      if (this.#over) throw new Error(`${pattern} was never shown, but: ${JSON.stringify(this.#unread)}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}
