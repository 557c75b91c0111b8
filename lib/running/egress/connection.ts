/** What is told of a container's attempts to reach something. */

/** An attempt to reach something outside, allowed or not. */
export interface Connection {
  /** When it was made, in milliseconds since 1970, by the host's clock. */
  readonly timeMs: number;
  /** The name that was asked for, in lower case; `undefined`: an address. */
  readonly name: string | undefined;
  /** Where it led to on the host, or what it was to lead to; `undefined` where that is not known. */
  readonly address: string | undefined;
  /** The port; 0: a name was looked up that is not listed, and nobody connected. */
  readonly port: number;
  /**
   * `relayed`: it was connected. `not-listed`: the list refuses it. `private-address`: the name leads to an address
   * that is refused unless it is listed itself. `unresolved`: the host knows no address of it. `failed`: nobody has
   * answered there.
   */
  readonly outcome: 'relayed' | 'not-listed' | 'private-address' | 'unresolved' | 'failed';
  /** Bytes that the container has sent, counted when the connection has ended; 0 until then. */
  readonly sentBytes: number;
  /** Bytes that it was sent, likewise. */
  readonly receivedBytes: number;
}

/** One that goes on: its bytes are counted at its end. */
export type OpenConnection = { -readonly [Key in keyof Connection]: Connection[Key] };

/** So many are kept; all are told. */
const LISTED_MOST = 1000;
/** Names that were refused: each of so many is told once, and others are counted. */
const REFUSED_MOST = 1000;

/** The attempts of one container. */
export class Attempts {
  readonly #listed: OpenConnection[] = [];
  readonly #refused = new Set<string>();
  readonly #tell: (connection: Connection) => void;
  #more = 0;

  constructor(tell: (connection: Connection) => void) {
    this.#tell = tell;
  }

  /** Those that are kept, as they are now. */
  get listed(): readonly Connection[] {
    return this.#listed.map((one) => Object.freeze({ ...one }));
  }

  /** How many more there were. */
  get more(): number {
    return this.#more;
  }

  /** Notes one, and tells it. What is given back may be filled in until it has ended. */
  add(attempt: Omit<Connection, 'timeMs' | 'sentBytes' | 'receivedBytes'>): OpenConnection {
    const connection = { timeMs: Date.now(), ...attempt, sentBytes: 0, receivedBytes: 0 };
    if (this.#listed.length < LISTED_MOST) this.#listed.push(connection);
    else this.#more += 1;
    this.#tell(connection);
    return connection;
  }

  /** A name that is not listed was looked up. */
  refuse(name: string): void {
    if (this.#refused.has(name)) return;
    if (this.#refused.size === REFUSED_MOST) {
      this.#more += 1;
      return;
    }
    this.#refused.add(name);
    this.add({ name, address: undefined, port: 0, outcome: 'not-listed' });
  }
}
