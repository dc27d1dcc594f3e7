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
