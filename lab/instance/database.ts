import pg from 'pg'

/** A connection URL as Mastodon's variables. Source: Mastodon `config/database.yml`. */
export function databaseEnv(databaseUrl: string): Record<string, string> {
  const url = new URL(databaseUrl)
  return {
    DB_HOST: url.searchParams.get('host') ?? url.hostname,
    DB_PORT: url.port === '' ? '5432' : url.port,
    DB_NAME: decodeURIComponent(url.pathname.slice(1)),
    DB_USER: decodeURIComponent(url.username),
    DB_PASS: decodeURIComponent(url.password),
  }
}

/**
 * Runs the work on a connection of its own, set up for loading: UTC, no waiting for the disk, room for index builds.
 * The connection ends with the work.
 */
export async function withClient<Result>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'lab-instance' })
  await client.connect()
  try {
    await client.query(
      "SET synchronous_commit = off; SET timezone = 'UTC'; SET maintenance_work_mem = '256MB'; SET client_min_messages = warning",
    )
    return await work(client)
  } finally {
    await client.end()
  }
}
