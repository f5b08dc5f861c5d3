/**
 * The right of one process at a time to run a study in PostgreSQL: a lock of the server, which ends with its
 * connection. If the connection is lost, for example because the server restarts, the lock is acquired again.
 */
import { type OwnClient, urlClient } from "./drivers.js";
import { refusal } from "./failures.js";

/** Milliseconds between two attempts to acquire a claim again. */
const AGAIN = 1000;
/**
 * Attempts after which another process must hold it, and not the lost connection, whose end the server may
 * notice later.
 */
const PATIENCE = 60;

// the lock of a lost machine ends after 25 seconds, not after hours as by default
const PROBES = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
const LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS own";

/**
 * @param url - of the database
 * @param study - its name
 * @param lost - called if another process has the claim after this one lost its connection
 * @returns a function that releases the claim; undefined if another process has it
 * @throws FettleError as `postgresStorage`
 */
export async function claimStudy(
  url: string,
  study: string,
  lost: () => void = () => {},
): Promise<(() => Promise<void>) | undefined> {
  const claim = new Claim(url, study, lost);
  return (await claim.take()) ? () => claim.giveUp() : undefined;
}

class Claim {
  private client: OwnClient | undefined;
  private isOver = false;

  constructor(
    private readonly url: string,
    private readonly study: string,
    private readonly lost: () => void,
  ) {}

  /** @returns whether this process has it */
  async take(): Promise<boolean> {
    const { name, client } = await urlClient(this.url);
    client.on("error", () => {}); // followed by the end of the connection
    try {
      await client.connect();
      await client.query(PROBES);
      const { rows } = await client.query(LOCK, [`fettle tune ${this.study}`]);
      const { own } = rows[0] as { readonly own: boolean };
      if (!own || this.isOver) await client.end();
      if (!own) return false;
    } catch (error) {
      void client.end().catch(() => {}); // it may not end for a connection that was never made
      throw refusal(name, error);
    }
    this.client = client;
    client.on("end", () => void this.takeAgain());
    return true;
  }

  async giveUp(): Promise<void> {
    this.isOver = true;
    await this.client?.end();
  }

  private async takeAgain(): Promise<void> {
    for (let refused = 0; !this.isOver; ) {
      await new Promise<void>((resolve) => void setTimeout(resolve, AGAIN).unref());
      const own = this.isOver || (await this.take().catch(() => undefined)); // undefined while no server answers
      if (own) return;
      if (own === false && ++refused === PATIENCE) this.lost();
    }
  }
}
