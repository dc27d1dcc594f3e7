/** Several statements as one: works through pgbouncer in transaction mode, which gives a transaction one connection. */
import type { Pool, PoolClient } from 'pg'
import { explainQuery } from './ask.ts'

/**
 * Commits what `work` did, or none of it. `work` uses no connection but the one it is given. `begin` opens the transaction:
 * BEGIN, and in the same breath what is set for it alone.
 * @throws KnownError where the database refuses or is lost; whatever `work` throws
 */
export async function transaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw explainQuery(error)
  })
  let broken = false
  // A connection in hand that breaks tells its statement; without a listener it would end the process as well.
  const tellsItsStatement = (): void => {
    broken = true
  }
  client.on('error', tellsItsStatement)
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {
      broken = true
    })
    throw explainQuery(error)
  } finally {
    client.off('error', tellsItsStatement)
    client.release(broken)
  }
}
