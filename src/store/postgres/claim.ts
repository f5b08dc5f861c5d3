/**
 * The right to run a study that is kept in PostgreSQL, of one process at a time: a lock of the server, which ends with its connection. Where the
 * connection is lost, as when the server begins again, the lock is taken again.
 */
import { type OwnClient, urlClient } from "./drivers.js";
import { refusal } from "./failures.js";

/** Milliseconds between two tries to take a claim again. */
const AGAIN = 1000;
/** Tries after which another process is taken to have it, and not the connection that was lost, which the server may see later. */
const PATIENCE = 60;

// the lock of a machine that is gone ends in 25 seconds, and not in the hours that systems take
const PROBES = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
const LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS own";

/**
 * @param url - of the database
 * @param study - its name
 * @param lost - is called if another process has the claim after this one has lost its connection
 * @returns what gives the claim up; undefined where another process has it
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
      void client.end().catch(() => {}); // of a connection that was never made, it may not end
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
