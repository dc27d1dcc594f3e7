/** Where jobs are, looked up for all of them at once. */
import type { CallOptions } from '../../core/ports/storage.ts'
import type { JobPlace } from '../../core/ports/vitals.ts'
import type { RedisConnection } from '../redis/connect-redis.ts'
import { queuePages, setPages } from './job-pages.ts'
import { jidOf, PULL } from './job-payload.ts'
import { runningPayloads } from './processes.ts'

/**
 * The places of those that are anywhere; the others are absent. Looks where a job goes in the order in which it goes there,
 * and for those not met looks again in reverse order: a job that a process gives back, or that comes back to be tried again,
 * moves against the first look. Reads no further than it must.
 */
export async function findPlaces(
  connection: RedisConnection,
  key: (name: string) => string,
  jids: readonly string[],
  options: CallOptions = {},
): Promise<ReadonlyMap<string, JobPlace>> {
  const missing = new Set(jids)
  const places = new Map<string, JobPlace>()
  const lookIn = async (place: JobPlace): Promise<void> => {
    for await (const page of pagesOf(connection, key, place, options)) {
      for (const payload of page) {
        const jid = jidOf(payload)
        if (jid !== null && missing.delete(jid)) places.set(jid, place)
      }
      if (missing.size === 0) return
    }
  }
  const way = ['queued', 'running', 'scheduled', 'retrying', 'dead'] as const
  for (const place of [...way, ...way.toReversed()]) {
    if (missing.size === 0) break
    await lookIn(place)
  }
  return places
}

function pagesOf(
  connection: RedisConnection,
  key: (name: string) => string,
  place: JobPlace,
  options: CallOptions,
): AsyncIterable<readonly string[]> {
  switch (place) {
    case 'queued':
      return queuePages(connection, key(`queue:${PULL}`), options)
    case 'running':
      return onePage(() => runningPayloads(connection, key))
    case 'scheduled':
      return setPages(connection, key('schedule'), options)
    case 'retrying':
      return setPages(connection, key('retry'), options)
    case 'dead':
      return setPages(connection, key('dead'), options)
    case 'gone':
      return onePage(async () => [])
  }
}

async function* onePage(read: () => Promise<readonly string[]>): AsyncGenerator<readonly string[]> {
  yield await read()
}
