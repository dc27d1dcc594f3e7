/**
 * Who is in a scope of heal and in which order, said again in plain SQL: slow, without pages, and without a word from src.
 * The rows of lab instances are shuffled first, so that every rule has something to decide.
 */
import type pg from 'pg'
import type { HealKind, HealScope, HealTarget } from '../../src/core/model/heal-target.ts'

/** How a remote account comes to be known for interaction: ids of such accounts, local ones perhaps among them. */
const SIGNALS: Readonly<Record<string, string>> = {
  notified: `SELECT n.from_account_id AS id FROM notifications n, accounts l WHERE l.id = n.account_id AND l.domain IS NULL`,
  'mentions us': `SELECT s.account_id AS id FROM mentions m, statuses s, accounts l
    WHERE s.id = m.status_id AND l.id = m.account_id AND l.domain IS NULL`,
  'mentioned by us': `SELECT m.account_id AS id FROM mentions m, statuses s, accounts l
    WHERE s.id = m.status_id AND l.id = s.account_id AND l.domain IS NULL`,
  'favourite of ours': `SELECT s.account_id AS id FROM favourites f, statuses s, accounts l
    WHERE s.id = f.status_id AND l.id = f.account_id AND l.domain IS NULL`,
  'fond of ours': `SELECT f.account_id AS id FROM favourites f, statuses s, accounts l
    WHERE s.id = f.status_id AND l.id = s.account_id AND l.domain IS NULL`,
  bookmarked: `SELECT s.account_id AS id FROM bookmarks b, statuses s, accounts l
    WHERE s.id = b.status_id AND l.id = b.account_id AND l.domain IS NULL`,
  'boosted by us': `SELECT s.account_id AS id FROM statuses b, statuses s, accounts l
    WHERE s.id = b.reblog_of_id AND l.id = b.account_id AND l.domain IS NULL`,
  'boosts us': `SELECT b.account_id AS id FROM statuses b, statuses s, accounts l
    WHERE s.id = b.reblog_of_id AND l.id = s.account_id AND l.domain IS NULL`,
  'answered by us': `SELECT r.in_reply_to_account_id AS id FROM statuses r, accounts l
    WHERE l.id = r.account_id AND l.domain IS NULL AND r.in_reply_to_account_id IS NOT NULL`,
  'answers us': `SELECT r.account_id AS id FROM statuses r, accounts l
    WHERE l.id = r.in_reply_to_account_id AND l.domain IS NULL`,
}

/** The signs that only servers with quotes know (4.4 on). */
const QUOTE_SIGNALS: Readonly<Record<string, string>> = {
  'quoted by us': `SELECT q.quoted_account_id AS id FROM quotes q, accounts l
    WHERE l.id = q.account_id AND l.domain IS NULL AND q.quoted_account_id IS NOT NULL`,
  'quotes us': `SELECT q.account_id AS id FROM quotes q, accounts l
    WHERE l.id = q.quoted_account_id AND l.domain IS NULL`,
}

export function signalsOf(quotes: boolean): Readonly<Record<string, string>> {
  return quotes ? { ...SIGNALS, ...QUOTE_SIGNALS } : SIGNALS
}

/** Domains that look alike, for subdomains and LIKE: the first is the one asked for. */
export const ALIKE = [
  'a_b.example',
  'sub.a_b.example',
  'deep.sub.a_b.example',
  'axb.example',
  'sub.axb.example',
  'nota_b.example',
  'a_b.example.org',
] as const

/** Ties, gaps, bystanders: everything that could be taken for a sign and is none. The seed decides who. */
export async function shuffle(client: pg.Client, seed: number, quotes: boolean): Promise<void> {
  await client.query('SELECT setseed($1)', [seed])
  const some = (share: number): string => `random() < ${share}`
  const pairs = (from: string, to: string, share: number): string =>
    `INSERT INTO follows (account_id, target_account_id, created_at, updated_at)
       SELECT a.id, b.id, now(), now() FROM accounts a, accounts b
       WHERE a.domain IS ${from} AND b.domain IS ${to} AND a.id <> b.id AND a.id > 0 AND b.id > 0 AND ${some(share)}
       ON CONFLICT DO NOTHING`
  await client.query(pairs('NULL', 'NOT NULL', 0.02))
  await client.query(pairs('NOT NULL', 'NULL', 0.02))
  await client.query(pairs('NULL', 'NULL', 0.5))
  await client.query(pairs('NOT NULL', 'NOT NULL', 0.0005))
  await client.query(`DELETE FROM account_stats WHERE ${some(0.05)}`)
  await client.query(
    `UPDATE account_stats SET last_status_at = '2026-01-02 03:04:05.678901' WHERE ${some(0.1)}`,
  )
  await client.query(
    `UPDATE account_stats SET last_status_at = '2026-01-02 03:04:05.678902' WHERE ${some(0.05)}`,
  )
  for (const domain of ALIKE) {
    await client.query(`UPDATE accounts SET domain = $1 WHERE domain IS NOT NULL AND ${some(0.01)}`, [domain])
    await client.query(
      `INSERT INTO custom_emojis (shortcode, domain, image_remote_url, created_at, updated_at)
         SELECT 'wave' || n, $1, 'https://x.example/wave.png', now(), now() FROM generate_series(1, 3) n`,
      [domain],
    )
  }
  await client.query(`UPDATE accounts SET uri = '' WHERE domain IS NOT NULL AND ${some(0.01)}`)
  await client.query(`UPDATE media_attachments SET account_id = 1 WHERE remote_url <> '' AND ${some(0.01)}`)
  await client.query(`UPDATE media_attachments SET thumbnail_remote_url = '' WHERE ${some(0.05)}`)
  await client.query(`UPDATE preview_cards SET blurhash = '' WHERE ${some(0.2)}`)
  await client.query(`DELETE FROM notifications WHERE ${some(0.7)}`)
  await client.query(
    `INSERT INTO notifications (activity_id, activity_type, type, account_id, from_account_id, created_at, updated_at)
       SELECT a.id, 'Follow', 'follow', 1, a.id, now(), now() FROM accounts a WHERE a.domain IS NOT NULL AND ${some(0.01)}`,
  )
  // What remote people do among themselves reaches this server too.
  const strangers = `accounts a, statuses s, accounts o
    WHERE a.domain IS NOT NULL AND o.id = s.account_id AND o.domain IS NOT NULL AND ${some(0.001)}`
  const columns = 'account_id, status_id, created_at, updated_at'
  const values = 'a.id, s.id, now(), now()'
  for (const table of ['mentions', 'favourites'])
    await client.query(
      `INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${strangers} ON CONFLICT DO NOTHING`,
    )
  await client.query(
    `INSERT INTO statuses (account_id, uri, local, in_reply_to_id, in_reply_to_account_id, created_at, updated_at)
       SELECT a.id, 'https://x.example/re/' || s.id || '/' || a.id, false, s.id, o.id, now(), now() FROM ${strangers}`,
  )
  await client.query(
    `INSERT INTO statuses (account_id, uri, local, reblog_of_id, created_at, updated_at)
       SELECT a.id, 'https://x.example/rb/' || s.id || '/' || a.id, false, s.id, now(), now() FROM ${strangers}`,
  )
  if (quotes)
    await client.query(
      `INSERT INTO quotes (account_id, status_id, quoted_status_id, quoted_account_id, created_at, updated_at)
         SELECT a.id, s.id, s.id, o.id, now(), now() FROM ${strangers} ON CONFLICT DO NOTHING`,
    )
  await client.query('ANALYZE')
}

/** Whether the remote account `a` is in the scope. */
function membership(scope: HealScope, quotes: boolean): string {
  const follow = (follower: string, followed: string): string =>
    `a.id IN (SELECT ${follower === 'l' ? 'f.target_account_id' : 'f.account_id'} FROM follows f, accounts l
      WHERE l.id = f.${followed === 'l' ? 'target_account_id' : 'account_id'} AND l.domain IS NULL)`
  switch (scope.by) {
    case 'follows-of':
      return `a.id IN (SELECT target_account_id FROM follows WHERE account_id = ${scope.accountId})`
    case 'followed':
      return follow('l', 'a')
    case 'followers':
      return follow('a', 'l')
    case 'interacted':
      return met(quotes)
    case 'accounts':
      return `a.id IN (${scope.ids.join(', ')})`
    case 'domain':
      return `(a.domain = '${scope.domain}'
        ${scope.subdomains ? `OR right(a.domain, ${scope.domain.length + 1}) = '.${scope.domain}'` : ''})`
    case 'all':
      return 'true'
  }
}

function met(quotes: boolean): string {
  return `a.id IN (${Object.values(signalsOf(quotes)).join(' UNION ')})`
}

const FOLLOWERS = `(SELECT count(*) FROM follows f, accounts l
  WHERE f.target_account_id = a.id AND l.id = f.account_id AND l.domain IS NULL)`

function order(scope: HealScope, quotes: boolean): string {
  const whole = scope.by === 'all'
  const posted = whole
    ? // To the microsecond only where nothing is known of people here; seconds are enough for whom they know.
      `CASE WHEN followers > 0 OR met THEN date_trunc('second', posted) ELSE posted END`
    : `date_trunc('second', posted)`
  const strangers = whole || scope.by === 'domain'
  return `SELECT id FROM (SELECT a.id, ${FOLLOWERS} AS followers, ${met(quotes)} AS met,
      (SELECT last_status_at FROM account_stats s WHERE s.account_id = a.id) AS posted
    FROM accounts a WHERE a.domain IS NOT NULL AND ${membership(scope, quotes)}) x
    ORDER BY followers DESC, ${strangers ? '(followers = 0 AND met) DESC,' : ''} ${posted} DESC NULLS LAST, id DESC`
}

interface File {
  readonly kind: string
  readonly alias: string
  readonly prefix: string
  readonly url: string
  readonly version: string
  readonly domain: string
  readonly hidden: string
}

function record({ kind, alias, prefix, url, version, domain, hidden }: File): string {
  return `jsonb_build_object('kind', '${kind}', 'id', ${alias}.id::text, 'remote', true, 'domain', ${domain},
    'fileName', nullif(${alias}.${prefix}_file_name, ''), 'contentType', ${alias}.${prefix}_content_type,
    'bytes', ${alias}.${prefix}_file_size,
    'assignedAtMs', (extract(epoch FROM ${alias}.${prefix}_updated_at) * 1000)::float8,
    'storageVersion', coalesce(${version}, 0), 'remoteUrl', nullif(${url}, ''), 'hidden', ${hidden})`
}

const OWNER = `jsonb_build_object('id', a.id::text, 'username', a.username, 'domain', lower(a.domain),
  'uri', nullif(a.uri, ''))`

function target(parts: { record: string; label: string; owner?: string; rest?: string }): string {
  return `jsonb_build_object('record', ${parts.record}, 'label', ${parts.label}, 'owner', ${parts.owner ?? 'NULL::jsonb'},
    'page', NULL, 'shortcode', NULL, 'mediaType', NULL) ${parts.rest === undefined ? '' : `|| jsonb_build_object(${parts.rest})`}`
}

/** Every target of the scope, in order. */
export async function targetsInSql(
  client: pg.Client,
  scope: HealScope,
  kinds: readonly HealKind[],
  has: { readonly quotes: boolean; readonly thumbnailVersion: boolean },
): Promise<HealTarget[]> {
  const inScope = membership(scope, has.quotes)
  const targets: HealTarget[] = []
  const read = async (text: string): Promise<void> => {
    const { rows } = await client.query<{ targets: HealTarget[] }>(text)
    for (const row of rows)
      targets.push(
        ...row.targets.filter(
          (one) =>
            one.record.kind === 'card' || one.record.fileName !== null || one.record.remoteUrl !== null,
        ),
      )
  }
  const pictures = (['avatar', 'header'] as const).filter((kind) => kinds.includes(kind))
  if (pictures.length > 0) {
    const made = pictures.map((kind) =>
      target({
        record: record({
          kind,
          alias: 'a',
          prefix: kind,
          url: `a.${kind}_remote_url`,
          version: `a.${kind}_storage_schema_version`,
          domain: 'lower(a.domain)',
          hidden: 'a.suspended_at IS NOT NULL',
        }),
        label: `a.username || '@' || lower(a.domain)`,
        owner: OWNER,
      }),
    )
    await read(
      `SELECT jsonb_build_array(${made.join(', ')}) AS targets
         FROM (SELECT id, row_number() OVER () AS n FROM (${order(scope, has.quotes)}) o) o JOIN accounts a USING (id)
         ORDER BY o.n`,
    )
  }
  if (kinds.includes('attachment')) {
    const media = (kind: string, prefix: string, url: string, version: string): string =>
      target({
        record: record({
          kind,
          alias: 'm',
          prefix,
          url,
          version,
          domain: 'lower(a.domain)',
          hidden: `(a.suspended_at IS NOT NULL OR EXISTS
            (SELECT FROM statuses s WHERE s.id = m.status_id AND s.deleted_at IS NOT NULL))`,
        }),
        label: `coalesce(a.username || '@' || lower(a.domain), a.username, 'attachment ' || m.id)`,
        owner: `CASE WHEN a.domain IS NOT NULL THEN ${OWNER} END`,
        rest: `'mediaType', (ARRAY['image', 'gifv', 'video', 'unknown', 'audio'])[m.type + 1]`,
      })
    const thumbnailVersion = has.thumbnailVersion ? 'm.thumbnail_storage_schema_version' : '0'
    await read(
      `SELECT jsonb_build_array(${media('attachment', 'file', 'm.remote_url', 'm.file_storage_schema_version')},
          ${media('thumbnail', 'thumbnail', 'm.thumbnail_remote_url', thumbnailVersion)}) AS targets
         FROM media_attachments m LEFT JOIN accounts a ON a.id = m.account_id
         WHERE m.remote_url <> '' ${scope.by === 'all' ? '' : `AND a.domain IS NOT NULL AND ${inScope}`} ORDER BY m.id DESC`,
    )
  }
  if (kinds.includes('emoji')) {
    const made = target({
      record: record({
        kind: 'emoji',
        alias: 'e',
        prefix: 'image',
        url: 'e.image_remote_url',
        version: 'e.image_storage_schema_version',
        domain: 'lower(e.domain)',
        hidden: 'false',
      }),
      label: `':' || e.shortcode || ':@' || lower(e.domain)`,
      rest: `'shortcode', e.shortcode`,
    })
    const domains =
      scope.by === 'all'
        ? 'e.domain IS NOT NULL'
        : scope.by === 'domain'
          ? inScope.replaceAll('a.domain', 'e.domain')
          : `e.domain IN (SELECT a.domain FROM accounts a WHERE a.domain IS NOT NULL AND ${inScope})`
    await read(
      `SELECT jsonb_build_array(${made}) AS targets FROM custom_emojis e WHERE ${domains} ORDER BY e.id DESC`,
    )
  }
  if (kinds.includes('card') && scope.by === 'all') {
    const made = target({
      record: record({
        kind: 'card',
        alias: 'c',
        prefix: 'image',
        url: 'NULL::text',
        version: 'c.image_storage_schema_version',
        domain: 'NULL::text',
        hidden: 'false',
      }),
      label: 'c.url',
      rest: `'page', c.url`,
    })
    await read(
      `SELECT jsonb_build_array(${made}) AS targets FROM preview_cards c
         WHERE c.image_file_name <> '' OR c.image_updated_at IS NOT NULL OR c.blurhash <> '' ORDER BY c.id DESC`,
    )
  }
  return targets
}
