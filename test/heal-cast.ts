/** People of a stage whose pictures are broken and may be fetched: each test takes some that no other test has met. */
import assert from 'node:assert/strict'
import type { HealTarget } from '../src/core/model/heal-target.ts'
import { claimedKeys } from '../src/core/model/storage-key.ts'
import { fediverse, fetchable, heal, type Stage } from './heal-stage.ts'
import type { HealPorts, HealRequest, HealResult } from '../src/core/heal/heal.ts'

export type Which = 'avatar' | 'header'

/** A remote account with both pictures at its origin; nothing of it is named here. */
export interface Person {
  readonly id: string
  readonly username: string
  readonly domain: string
  /** The actor's address. */
  readonly uri: string
  /** Of the host: `http://127.77.0.1:4000`. */
  readonly origin: string
  readonly urls: Readonly<Record<Which, string>>
}

/** Deals out people, on different hosts as far as there are any, each once. */
export class Cast {
  #people: Person[] | undefined

  async take(
    stage: Stage,
    count: number,
    where: (person: Person) => boolean = () => true,
  ): Promise<Person[]> {
    this.#people ??= await fetchablePeople(stage)
    const taken = this.#people.filter(where).slice(0, count)
    assert.equal(taken.length, count, 'the stage has no more people')
    this.#people = this.#people.filter((person) => !taken.includes(person))
    return taken
  }

  async one(stage: Stage, where?: (person: Person) => boolean): Promise<Person> {
    const [person] = await this.take(stage, 1, where)
    assert.ok(person)
    return person
  }
}

async function fetchablePeople(stage: Stage): Promise<Person[]> {
  const people: Person[] = []
  for (const [id, pictures] of Map.groupBy(await fetchable(stage), ({ record }) => record.id)) {
    const [avatar, header] = (['avatar', 'header'] as const).map((kind) =>
      pictures.find(({ record }) => record.kind === kind),
    )
    const owner = avatar?.owner
    if (!avatar?.record.remoteUrl || !header?.record.remoteUrl || !owner?.uri) continue
    const { username, domain, uri } = owner
    const { origin } = new URL(avatar.record.remoteUrl)
    // Some accounts of the lab live on another host than their pictures.
    if (uri !== `${origin}/users/${username}`) continue
    const urls = { avatar: avatar.record.remoteUrl, header: header.record.remoteUrl }
    people.push({ id, username, domain, uri, origin, urls })
  }
  // One of each host in turn.
  const lines = [...Map.groupBy(people, ({ origin }) => origin).values()]
  return people.flatMap((_, turn) => lines.flatMap((line) => line.slice(turn, turn + 1)))
}

/** Heals these people and nobody else. */
export function healPeople(
  stage: Stage,
  people: readonly Person[],
  replaced: Partial<HealPorts> = {},
  request: Partial<HealRequest> = {},
): Promise<HealResult> {
  const ids = people.map(({ id }) => id)
  return heal(stage, replaced, { choice: { by: 'scope', scope: { by: 'accounts', ids } }, ...request })
}

/** A picture as its row tells it now. */
export async function pictureOf(
  stage: Stage,
  which: HealTarget['record']['kind'],
  id: string,
): Promise<HealTarget> {
  const [target] = await stage.ports.database.targetsById(which, [id])
  assert.ok(target, `${which} ${id} is gone`)
  return target
}

/** Healed: the row names it, and storage has everything the name claims. */
export async function assertWhole(
  stage: Stage,
  which: HealTarget['record']['kind'],
  id: string,
): Promise<void> {
  const { record } = await pictureOf(stage, which, id)
  assert.match(record.fileName ?? '', /^[0-9a-f]{16}\.(jpg|jpeg|png|gif|webp)$/)
  for (const { key, style } of claimedKeys(record)) {
    const stat = await stage.ports.objects.stat(key)
    assert.equal(stat.state, 'present', key)
    if (style === 'original') assert.equal(stat.state === 'present' && stat.bytes, record.bytes)
  }
}

/** Rows of accounts as they stand, so that "untouched" can be said. */
export async function rowOf({ sql }: Stage, table: string, id: string): Promise<string> {
  const { rows } = await sql(`SELECT t::text AS row FROM ${table} t WHERE id = $1`, [id])
  return String(rows[0]?.['row'])
}

/** Requests to all origins since `forgetVisits`, by path. */
export function visited(): ReadonlyMap<string, number> {
  const paths = new Map<string, number>()
  for (const host of fediverse.hosts)
    for (const [path, count] of host.visits().paths)
      paths.set(`${host.origin}${path}`, (paths.get(`${host.origin}${path}`) ?? 0) + count)
  return paths
}

export function forgetVisits(): void {
  for (const host of fediverse.hosts) host.forget()
}
