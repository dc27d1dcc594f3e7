/** Sidekiq: does anybody work, and how long do jobs wait? */
import type { SidekiqVitals } from '../ports/vitals.ts'
import type { Check } from './check.ts'

/** A quarter of an hour of waiting is felt by people. */
const LATENCY_LIMIT_MS = 15 * 60_000

/** One good line, or a bad one for everything that stands still. */
export function aboutSidekiq(vitals: SidekiqVitals): Check[] {
  const waiting = vitals.queues.filter(({ depth }) => depth > 0)
  const slow = waiting.filter(({ latencyMs }) => (latencyMs ?? 0) > LATENCY_LIMIT_MS)
  const checks: Check[] = []
  if (vitals.processes === 0)
    checks.push({
      about: 'sidekiq',
      state: 'bad',
      says: 'no Sidekiq process has reported in: Mastodon’s background work stands still',
      remedy: 'start mastodon-sidekiq; without it nothing is fetched, delivered or vacuumed',
    })
  for (const { name, depth, latencyMs } of slow)
    checks.push({
      about: 'sidekiq',
      state: 'bad',
      says: `queue ${name}: ${depth} jobs wait, the oldest for ${Math.round((latencyMs ?? 0) / 60_000)} minutes`,
      remedy: 'give Sidekiq more threads or processes for this queue before adding work to it',
    })
  if (checks.length > 0) return checks
  const summary =
    waiting.length === 0
      ? 'every queue is empty'
      : waiting.map(({ name, depth }) => `${name} ${depth}`).join(', ')
  return [
    {
      about: 'sidekiq',
      state: 'good',
      says: `${vitals.processes} ${vitals.processes === 1 ? 'process' : 'processes'}, ${summary}; ${vitals.retries} to retry, ${vitals.dead} dead`,
      remedy: null,
    },
  ]
}
