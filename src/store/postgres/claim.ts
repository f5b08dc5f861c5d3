/** The right to run a study that is kept in PostgreSQL, of one process at a time: a lock of the server, which ends with its connection. */
import { urlClient } from "./drivers.js";
import { refusal } from "./failures.js";

/**
 * @param url - of the database
 * @param study - its name
 * @returns what gives the claim up; undefined where another process has it
 * @throws FettleError as `postgresStorage`
 */
export async function claimStudy(url: string, study: string): Promise<(() => Promise<void>) | undefined> {
  const { name, client } = await urlClient(url);
  client.on("error", () => {}); // a claim that is lost with its server is not missed: it only keeps two from costing each other time
  try {
    await client.connect();
    const sql = "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS own";
    const { rows } = await client.query(sql, [`fettle tune ${study}`]);
    if ((rows[0] as { readonly own: boolean }).own) return () => client.end();
    await client.end();
    return undefined;
  } catch (error) {
    throw refusal(name, error);
  }
}
