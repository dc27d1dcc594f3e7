/**
 * What a prune lets go of, said again in plain SQL: slow, without pages, and without a word from src. Every reason to keep a
 * record is one condition; what none of them is true of goes. The rows of lab instances are shuffled first, so that every
 * condition has something to decide, to the microsecond.
 */
import type pg from 'pg'

/** The options of a prune, in the words of tootctl. */
export interface Asked {
  readonly preset: 'tootctl' | 'cornac'
  readonly cutoffMs: number
  readonly includeFollows: boolean
  readonly keepInteracted: boolean
  readonly linkOnly: boolean
  readonly domain: string | null
}

export type AskedKind = 'avatar' | 'header' | 'attachment' | 'card'

/** One record: why it stays (nothing if it goes), and what its row says. */
export interface Told {
  readonly kind: AskedKind
  readonly id: string
  readonly because: readonly string[]
  readonly domain: string | null
  readonly row_updated_at: string
  /** `kind name type size updated`, of each file that goes with it. */
  readonly files: readonly string[]
}

type Reasons = Readonly<Record<string, string>>

const TABLES: Readonly<Record<AskedKind, string>> = {
  avatar: 'accounts',
  header: 'accounts',
  attachment: 'media_attachments',
  card: 'preview_cards',
}

/** Every record of the kind. */
export async function toldInSql(
  client: pg.Client,
  kind: AskedKind,
  asked: Asked,
  quotes: boolean,
): Promise<Told[]> {
  const reasons = reasonsToKeep(kind, asked, quotes)
  const because = Object.entries(reasons).map(([name, sql]) => `CASE WHEN (${sql}) THEN '${name}' END`)
  const domain = {
    avatar: 'lower(x.domain)',
    header: 'lower(x.domain)',
    attachment: '(SELECT lower(domain) FROM accounts WHERE accounts.id = x.account_id)',
    card: 'NULL',
  }[kind]
  const files = {
    avatar: ['avatar'],
    header: ['header'],
    attachment: ['file', 'thumbnail'],
    card: ['image'],
  }[kind]
  const { rows } = await client.query<Told>(
    `SELECT '${kind}' AS kind, x.id::text, array_remove(ARRAY[${because.join(', ')}]::text[], NULL) AS because,
        ${domain} AS domain, ${micro('x.updated_at')} AS row_updated_at,
        array_remove(ARRAY[${files.map(fileLine).join(', ')}], NULL) AS files
      FROM ${TABLES[kind]} x ORDER BY x.id`,
  )
  return rows
}

function fileLine(prefix: string): string {
  const kind = { file: 'attachment', image: 'card' }[prefix] ?? prefix
  return `CASE WHEN x.${prefix}_file_name <> '' THEN concat_ws(' ', '${kind}', x.${prefix}_file_name,
    coalesce(x.${prefix}_content_type, '-'), coalesce(x.${prefix}_file_size::text, '-'),
    coalesce(${micro(`x.${prefix}_updated_at`)}, '-')) END`
}

function micro(time: string): string {
  return `rtrim(rtrim(to_char(${time}, 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')`
}

/** For tootctl as docs/mastodon.md#tootctl-removals tells them; for Cornac as docs/prune.md#what-goes-and-what-stays does. */
function reasonsToKeep(kind: AskedKind, asked: Asked, quotes: boolean): Reasons {
  const T = `'${new Date(asked.cutoffMs).toISOString().replace('Z', '')}'::timestamp`
  switch (kind) {
    case 'avatar':
    case 'header':
      return asked.preset === 'tootctl' ? tootctlPicture(kind, asked, T) : cornacPicture(kind, asked, T)
    case 'attachment':
      return asked.preset === 'tootctl'
        ? tootctlAttachment(asked, T, quotes)
        : cornacAttachment(asked, T, quotes)
    case 'card':
      return asked.preset === 'tootctl' ? tootctlCard(asked, T) : cornacCard(asked, T, quotes)
  }
}

function ofPicture(kind: string, asked: Asked): Reasons {
  return {
    local: 'x.domain IS NULL',
    'names-nothing': `x.${kind}_file_name IS NULL OR x.${kind}_file_name = ''`,
    ...(asked.domain === null ? {} : { 'other-domain': `x.domain IS NULL OR x.domain <> '${asked.domain}'` }),
  }
}

function tootctlPicture(kind: string, asked: Asked, T: string): Reasons {
  return {
    ...ofPicture(kind, asked),
    'never-looked-up': 'x.last_webfingered_at IS NULL',
    'looked-up-recently': `NOT x.last_webfingered_at <= ${T}`,
    'updated-recently': `NOT x.updated_at <= ${T}`,
    ...(asked.includeFollows
      ? {}
      : { 'in-follows': 'EXISTS (SELECT 1 FROM follows WHERE x.id IN (account_id, target_account_id))' }),
  }
}

const pairOf = (table: string, ours: string, theirs: string): string =>
  `x.id IN (SELECT p.${theirs} FROM ${table} p, accounts l WHERE l.id = p.${ours} AND l.domain IS NULL)`

function cornacPicture(kind: string, asked: Asked, T: string): Reasons {
  return {
    ...ofPicture(kind, asked),
    'looked-up-recently': `x.last_webfingered_at > ${T}`,
    'updated-recently': `x.updated_at > ${T}`,
    'fetched-recently': `x.${kind}_updated_at > ${T}`,
    'posted-recently': `x.id IN (SELECT account_id FROM account_stats WHERE last_status_at > ${T})`,
    closed: 'x.suspended_at IS NOT NULL',
    ...(asked.includeFollows
      ? {}
      : {
          'followed-here': pairOf('follows', 'account_id', 'target_account_id'),
          'follows-us': pairOf('follows', 'target_account_id', 'account_id'),
          'follow-requested': `${pairOf('follow_requests', 'account_id', 'target_account_id')}
            OR ${pairOf('follow_requests', 'target_account_id', 'account_id')}`,
        }),
  }
}

const KEPT_LOCAL = `SELECT id FROM statuses WHERE (local = true OR uri IS NULL) AND deleted_at IS NULL`
const LOCALS = 'SELECT id FROM accounts WHERE domain IS NULL'

/** Ids of statuses that locals had to do with. */
function interactions(quotes: boolean): Reasons {
  return {
    'favourited-here': `SELECT status_id FROM favourites WHERE account_id IN (${LOCALS})`,
    bookmarked: 'SELECT status_id FROM bookmarks',
    'answered-here': `SELECT in_reply_to_id FROM statuses WHERE in_reply_to_id IS NOT NULL AND id IN (${KEPT_LOCAL})`,
    'boosted-here': `SELECT reblog_of_id FROM statuses WHERE reblog_of_id IS NOT NULL AND id IN (${KEPT_LOCAL})`,
    ...(quotes
      ? {
          'quoted-here': `SELECT quoted_status_id FROM quotes WHERE quoted_status_id IS NOT NULL AND status_id IN (${KEPT_LOCAL})`,
          'quotes-us': `SELECT status_id FROM quotes WHERE quoted_status_id IN (${KEPT_LOCAL})`,
        }
      : {}),
  }
}

const ADDRESSED: Reasons = {
  'addressed-here': `SELECT status_id FROM mentions WHERE account_id IN (${LOCALS})`,
}

function within(statuses: Reasons, wrap: (ids: string) => string): Reasons {
  return Object.fromEntries(Object.entries(statuses).map(([name, ids]) => [name, wrap(ids)]))
}

const mine = (ids: string): string => `x.status_id IS NOT NULL AND x.status_id IN (${ids})`

function ofAttachment(asked: Asked): Reasons {
  return asked.domain === null
    ? {}
    : {
        'other-domain': `NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = x.account_id AND a.domain = '${asked.domain}')`,
      }
}

function tootctlAttachment(asked: Asked, T: string, quotes: boolean): Reasons {
  return {
    local: `x.remote_url = ''`,
    'names-nothing': `x.file_file_name IS NULL OR x.file_file_name = ''`,
    ...ofAttachment(asked),
    'fetched-recently': `NOT x.created_at <= ${T}`,
    ...(asked.keepInteracted ? within(interactions(quotes), mine) : {}),
  }
}

function cornacAttachment(asked: Asked, T: string, quotes: boolean): Reasons {
  return {
    local: `x.remote_url = ''`,
    'names-nothing': `coalesce(x.file_file_name, '') || coalesce(x.thumbnail_file_name, '') = ''`,
    ...ofAttachment(asked),
    'fetched-recently': `x.created_at > ${T} OR x.file_updated_at > ${T} OR x.thumbnail_updated_at > ${T}`,
    'updated-recently': `x.updated_at > ${T}`,
    closed: `x.account_id IN (SELECT id FROM accounts WHERE suspended_at IS NOT NULL)
      OR x.status_id IN (SELECT id FROM statuses WHERE deleted_at IS NOT NULL)`,
    ...within({ ...interactions(quotes), ...ADDRESSED }, mine),
  }
}

function ofCard(asked: Asked): Reasons {
  return {
    'names-nothing': `x.image_file_name IS NULL OR x.image_file_name = ''`,
    ...(asked.domain === null ? {} : { 'other-domain': 'true' }),
    ...(asked.linkOnly ? { 'not-a-link': 'x.type != 0' } : {}),
  }
}

function tootctlCard(asked: Asked, T: string): Reasons {
  return { ...ofCard(asked), 'updated-recently': `NOT x.updated_at < ${T}` }
}

function cornacCard(asked: Asked, T: string, quotes: boolean): Reasons {
  return {
    ...ofCard(asked),
    'fetched-recently': `x.created_at >= ${T} OR x.image_updated_at >= ${T}`,
    'updated-recently': `x.updated_at >= ${T}`,
    ...within(
      { 'posted-here': KEPT_LOCAL, ...interactions(quotes), ...ADDRESSED },
      (ids) => `x.id IN (SELECT preview_card_id FROM preview_cards_statuses WHERE status_id IN (${ids}))`,
    ),
  }
}

/** Times at which things happened, on every side of every cut-off; ids of attachments stay behind their `created_at`. */
export async function shuffleForPrune(
  client: pg.Client,
  seed: number,
  cutoffs: readonly number[],
  quotes: boolean,
): Promise<void> {
  const run = (text: string) => client.query(text)
  await client.query('SELECT setseed($1)', [(seed % 1_000_003) / 1_000_003])
  const moments = cutoffs.flatMap((ms) => {
    const at = `'${new Date(ms).toISOString().replace('Z', '')}'::timestamp`
    return [
      `${at} - interval '1 microsecond'`,
      at,
      `${at} + interval '1 microsecond'`,
      `${at} - interval '40 days'`,
    ]
  })
  const pick = (choices: readonly string[]): string =>
    `(ARRAY[${choices.join(', ')}])[1 + floor(random() * ${choices.length})::int]`
  const some = (share: number): string => `random() < ${share}`
  const old = `'2020-02-02 02:02:02.020202'::timestamp`
  // Mostly old, so that each of several conditions is the only one to keep something now and then.
  const when = (nullable: boolean): string =>
    pick([
      ...moments,
      ...Array.from({ length: 2 * moments.length }, () => old),
      ...(nullable ? ['NULL', 'NULL'] : []),
    ])
  const maybe = (share: number, value: string, otherwise: string): string =>
    `CASE WHEN ${some(share)} THEN ${value} ELSE ${otherwise} END`

  await run(`UPDATE accounts SET updated_at = ${when(false)}, last_webfingered_at = ${when(true)},
    avatar_updated_at = ${when(true)}, header_updated_at = ${when(true)},
    avatar_file_name = ${maybe(0.15, `${pick(['NULL', `''`])}`, `coalesce(avatar_file_name, 'a.png')`)},
    header_file_name = ${maybe(0.15, `${pick(['NULL', `''`])}`, `coalesce(header_file_name, 'h.gif')`)},
    avatar_content_type = ${maybe(0.3, `'image/gif'`, 'avatar_content_type')},
    suspended_at = ${maybe(0.2, 'now()', 'NULL')}
    WHERE id > 0`)
  await run(`UPDATE accounts SET domain = 'one.example' WHERE domain IS NOT NULL AND ${some(0.15)}`)
  await run(`UPDATE accounts SET domain = 'not-one.example' WHERE domain IS NOT NULL AND ${some(0.1)}`)
  await run(`UPDATE account_stats SET last_status_at = ${when(true)}`)
  await run(`DELETE FROM account_stats WHERE ${some(0.2)}`)
  await run('DELETE FROM follows')
  await run('DELETE FROM follow_requests')
  for (const table of ['follows', 'follow_requests'])
    for (const [from, to, share] of [
      ['NULL', 'NOT NULL', 0.02],
      ['NOT NULL', 'NULL', 0.02],
      ['NULL', 'NULL', 0.3],
      ['NOT NULL', 'NOT NULL', 0.0003],
    ] as const)
      await run(`INSERT INTO ${table} (account_id, target_account_id, created_at, updated_at)
        SELECT a.id, b.id, now(), now() FROM accounts a, accounts b
        WHERE a.domain IS ${from} AND b.domain IS ${to} AND a.id <> b.id AND ${some(share)} ON CONFLICT DO NOTHING`)

  // Most locals live for themselves: nothing but their being local keeps their pictures.
  const hermits = `(SELECT id FROM accounts WHERE domain IS NULL AND id > 0 ORDER BY id OFFSET 5)`
  for (const table of ['follows', 'follow_requests'])
    await run(`DELETE FROM ${table} WHERE account_id IN ${hermits} OR target_account_id IN ${hermits}`)

  await run(`UPDATE media_attachments SET updated_at = ${when(false)}, file_updated_at = ${when(true)},
    thumbnail_updated_at = ${when(true)},
    file_file_name = ${maybe(0.2, `${pick(['NULL', `''`])}`, `coalesce(file_file_name, 'f.jpg')`)},
    thumbnail_file_name = ${maybe(0.2, pick([`'t.png'`, `''`]), 'thumbnail_file_name')},
    file_file_size = ${maybe(0.1, 'NULL', 'file_file_size')},
    remote_url = ${maybe(0.1, `''`, 'remote_url')}, account_id = ${maybe(0.05, 'NULL', 'account_id')}`)
  await run(`UPDATE media_attachments m SET created_at = greatest(p.at, 'epoch'::timestamp + (m.id >> 16) * interval '1 millisecond')
    FROM (SELECT id, ${when(false)} AS at FROM media_attachments) p WHERE p.id = m.id`)
  // At the edge of what ids tell: arrived at the very cut-off, and by clocks that disagree by hours.
  for (const [number, ms] of cutoffs.entries())
    for (const [step, hours] of [0, 3, 20].entries())
      await run(`INSERT INTO media_attachments (id, remote_url, file_file_name, created_at, updated_at)
        SELECT (${ms + hours * 3_600_000}::bigint << 16) + ${number * 10 + step}, 'https://x.example/edge.png', 'edge.png', at, ${old}
        FROM (SELECT '${new Date(ms).toISOString().replace('Z', '')}'::timestamp AS at) t`)

  await run(`INSERT INTO preview_cards (url, title, image_file_name, image_content_type, image_file_size, created_at, updated_at)
    SELECT 'https://more.example/' || n, '', 'more.png', 'image/png', n, now(), now() FROM generate_series(1, 1500) n`)
  await run(`UPDATE preview_cards SET updated_at = ${when(false)}, created_at = ${when(false)}, image_updated_at = ${when(true)},
    image_file_name = ${maybe(0.2, `${pick(['NULL', `''`])}`, `coalesce(image_file_name, 'c.jpg')`)},
    type = ${maybe(0.8, '0', 'floor(random() * 4)::int')}`)

  await shuffleDoings(client, quotes, some, pick)
  await run('ANALYZE')
}

/** What locals and strangers do with posts, theirs deleted now and then. */
async function shuffleDoings(
  client: pg.Client,
  quotes: boolean,
  some: (share: number) => string,
  pick: (choices: readonly string[]) => string,
): Promise<void> {
  const people = (domain: string): string =>
    `(SELECT id FROM accounts WHERE domain IS ${domain} AND id > 0 LIMIT 40) a`
  for (const table of ['favourites', 'bookmarks'])
    await client.query(`DELETE FROM ${table} WHERE ${some(0.5)}`)
  for (const [domain, share] of [
    ['NULL', 0.004],
    ['NOT NULL', 0.001],
  ] as const) {
    for (const table of ['mentions', 'favourites', 'bookmarks'])
      await client.query(`INSERT INTO ${table} (account_id, status_id, created_at, updated_at)
        SELECT a.id, s.id, now(), now() FROM ${people(domain)}, statuses s WHERE ${some(share)} ON CONFLICT DO NOTHING`)
    for (const [column, what] of [
      ['in_reply_to_id', 're'],
      ['reblog_of_id', 'rb'],
    ] as const)
      await client.query(`INSERT INTO statuses (account_id, uri, local, deleted_at, ${column}, created_at, updated_at)
        SELECT a.id, ${pick(['NULL', `'https://x.example/${what}/' || s.id || '/' || a.id`])},
          ${domain === 'NULL' ? pick(['true', 'NULL']) : 'false'}, ${pick(['NULL', 'NULL', 'now()'])}, s.id, now(), now()
        FROM ${people(domain)}, statuses s WHERE ${some(share)}`)
  }
  await client.query(`UPDATE statuses SET deleted_at = now() WHERE ${some(0.05)}`)
  await client.query(`INSERT INTO preview_cards_statuses (preview_card_id, status_id)
    SELECT c.id, s.id FROM preview_cards c, statuses s WHERE ${some(0.0012)} ON CONFLICT DO NOTHING`)
  if (quotes)
    await client.query(`INSERT INTO quotes (account_id, status_id, quoted_status_id, quoted_account_id, state, created_at, updated_at)
      SELECT s.account_id, s.id, q.id, q.account_id, floor(random() * 4)::int, now(), now()
      FROM statuses s, (SELECT id, account_id FROM statuses ORDER BY md5(id::text) LIMIT 300) q
      WHERE s.id <> q.id AND ${some(0.004)} ON CONFLICT DO NOTHING`)
}
